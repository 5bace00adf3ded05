var listeners = {};

// Ask the server what is new, over and over, for browsers without server-sent events.
function poll(url, since) {
  var request = new XMLHttpRequest();
  request.open("GET", url + "?since=" + since);
  request.onload = function () {
    var news = JSON.parse(request.responseText);
    news.events.forEach(function (event) {
      emit(event.kind, event);
    });
    setTimeout(poll, news.events.length ? 0 : 5000, url, news.next);
  };
  request.onerror = function () {
    setTimeout(poll, 30000, url, since);
  };
  request.send();
}

function on(kind, listener) {
  (listeners[kind] = listeners[kind] || []).push(listener);
  return function off() {
    listeners[kind] = listeners[kind].filter(function (other) {
      return other !== listener;
    });
  };
}

function emit(kind, event) {
  (listeners[kind] || []).slice().forEach(function (listener) {
    try {
      listener(event);
    } catch (error) {
      console.error(error);
    }
  });
}

const debounce = (work, quiet) => {
  let timer;
  return (...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => work(...args), quiet);
  };
};

function throttle(fn, ms) {
  let last = 0;
  return function () {
    const now = Date.now();
    if (now - last < ms) return;
    last = now;
    fn.apply(this, arguments);
  };
}

module.exports = { debounce, emit, on, poll, throttle };
