#!/usr/bin/env node
/**
 * @file Signs cookies.
 */
'use strict'

const crypto = require('node:crypto'), { createHmac } = crypto

/**
 * Sign the value.
 * @param {string} value
 */
exports.sign = function (value, secret) {
  return value + '.' + createHmac('sha256', secret).update(value).digest('base64')
}

// Unsign it again.
const unsign = module.exports.unsign = (input, secret) => {
  const tentative = input.slice(0, input.lastIndexOf('.'))
  return exports.sign(tentative, secret) === input && tentative
}

export const add = (a, b) => a + b, LIMIT = 10

export default async function () {
  await null
}

export async function* pages({ url, ...rest } = {}) {
  for (;;) yield fetch(url, rest)
}

/* A stack. */
@observable
export class Stack extends Array {
  #items = []
  static count = 0

  constructor(...items) {
    super(...items)
  }

  get top() { return this.#items.at(-1) }
  set top(value) { this.#items.push(value) }

  static of(x) { return new Stack(x) }

  async *[Symbol.asyncIterator]() { yield* this.#items }

  /** Bound to the instance. */
  onClick = (event) => {
    this.#push(event)
  }

  #push(item) { this.#items.push(item) }

  'quoted name'() {}

  static {
    Stack.count = 1
  }
}

const api = {
  base: '/v1',
  // Gets one.
  get(id) {
    return fetch(`${this.base}/${id}`)
  },
  post: async (body) => fetch(this.base, { body }),
  users: {
    list: function () { return api.get('users') },
  },
}

module.exports = {
  helper() { return 1 },
}

function Person(name) {
  this.name = name
  this.greet = () => `Hi ${name}`
}

Person.prototype.rename = function rename(name) {
  this.name = name
}

Person.prototype = {
  walk() {},
}

Person.create = (name) => new Person(name)

const Button = React.memo(function Button({ label }) {
  const onClick = useCallback(() => alert(label), [label])
  return <button onClick={onClick}>{label}</button>
})

const Anonymous = class extends Stack {
  run() {}
}

app.get('/', (req, res) => {
  res.send('a route has no name')
  function insideRoute() { return 2 }
})

;(function () {
  var hidden = function () { return 1 }
  hidden()
})()

if (process.argv[2]) {
  let late = function* () { yield 1 }
}
