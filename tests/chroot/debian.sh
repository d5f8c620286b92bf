# shellcheck shell=bash
# A bare Debian 12 in a folder; sourced by the scripts beside it, in mount namespaces of their own.
suite=bookworm
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$root/build/chroot
base=$work/base.tar
source_dir=/srv/berth  # inside
readonly suite root work base source_dir

say() { printf 'chroot: %s\n' "$*"; }
die() {
  say "FAILED: $*"
  exit 1
}

# apt_sources: this machine's Debian sources, as `deb URI SUITE main`, whichever of apt's two formats they stand in.
apt_sources() {
  local files=() file
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
    [[ ! -f $file ]] || files+=("$file")
  done
  awk -v suite="$suite" '
    function take(uri, name) {
      if (name == suite || name == suite "-updates" || name == suite "-security") print "deb", uri, name, "main"
    }
    function stanza(  uri, name, i, j) {
      if (types ~ /(^| )deb( |$)/ && components ~ /(^| )main( |$)/) {
        split(uris, uri, " "); split(suites, name, " ")
        for (i in uri) for (j in name) take(uri[i], name[j])
      }
      types = uris = suites = components = ""
    }
    FNR == 1 { stanza() }
    FILENAME ~ /\.list$/ {
      sub(/\[[^]]*\]/, "")
      if ($1 == "deb" && / main( |$)/) take($2, $3)
      next
    }
    /^Types:/ { types = substr($0, 8) }
    /^URIs:/ { uris = substr($0, 6) }
    /^Suites:/ { suites = substr($0, 9) }
    /^Components:/ { components = substr($0, 13) }
    /^[[:space:]]*$/ { stanza() }
    END { stanza() }' "${files[@]}" | sort -u
}

# An environment that says no more than a bare container's.
home=~root
bare=(env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "HOME=$home")
for name in http_proxy https_proxy no_proxy; do
  [[ -z ${!name-} ]] || bare+=("$name=${!name}")
done
if [[ -n ${BERTH_CHROOT_CCACHE-} ]]; then
  # By what the compilers are, not by when they were installed: those inside are always newer.
  bare+=(CCACHE_DIR=/var/cache/ccache CCACHE_COMPILERCHECK=content)
fi

make_base() {
  local mirror
  mirror=$(awk -v suite="$suite" '$3 == suite { print $2; exit }' "$work/sources.list")
  [[ -n $mirror ]] || die "this machine's apt has no source for Debian $suite"
  say "debootstrap $suite, kept as ${base#"$root"/}"
  rm -rf --one-file-system "$work/new"
  debootstrap --variant=minbase "$suite" "$work/new" "$mirror" >"$work/debootstrap.log" 2>&1 ||
    { tail -n 20 "$work/debootstrap.log"; die "debootstrap"; }
  tar -C "$work/new" -cf "$base.new" .
  mv "$base.new" "$base"
  rm -rf --one-file-system "$work/new"
}

# make_fresh FOLDER: such a Debian there, whose apt uses the mirrors of this machine.
make_fresh() {
  local folder=$1
  mkdir -p "$work"
  apt_sources >"$work/sources.list"
  [[ -f $base ]] || make_base
  rm -rf --one-file-system "$folder"
  mkdir "$folder"
  tar -C "$folder" -xf "$base"
  cp "$work/sources.list" "$folder/etc/apt/sources.list"
  apt-config dump | grep -iE '^Acquire::(http|https)::Proxy' >"$folder/etc/apt/apt.conf.d/90proxy" || true
  cp -L /etc/resolv.conf /etc/hosts "$folder/etc/"
  mount -t proc proc "$folder/proc"
  mount --rbind /dev "$folder/dev"
  if [[ -n ${BERTH_CHROOT_CCACHE-} ]]; then
    mkdir -p "$folder/var/cache/ccache"
    mount --bind "$BERTH_CHROOT_CCACHE" "$folder/var/cache/ccache"
  fi
}

# clone_into FOLDER: the last commit, as $source_dir inside.
clone_into() {
  git clone --quiet --no-hardlinks "$root" "$1$source_dir" || die "git clone"
  [[ -z $(git -C "$root" status --porcelain) ]] || say "note: what is not committed is not tested"
}

# start_in_namespaces SECONDS COMMAND...: whatever way it ends, the kernel then undoes its mounts and ends its processes.
start_in_namespaces() {
  local seconds=$1 tool
  shift
  ((EUID == 0)) || die "needs root"
  for tool in debootstrap ip curl unshare; do
    command -v "$tool" >/dev/null || die "needs $tool (tests/dependencies-full)"
  done
  exec unshare --mount --propagation private --pid --fork --kill-child timeout --foreground --kill-after=10 "$seconds" "$@"
}
