#!/usr/bin/env bash
# Installs what is missing, with Debian's and Ubuntu's apt. Says nothing when all is there.
#   setup.sh build            to build and run
#   setup.sh test             to run the tests
#   setup.sh bench            to measure
#   setup.sh package          to make a Debian package
#   setup.sh python|node|swaks
#   setup.sh exim FOLDER      unpacks Exim into FOLDER without installing it
set -euo pipefail

# command=package: the package is installed when the command (or the file) is not found.
build=(cc=gcc make=make)
package=(dpkg-shlibdeps=dpkg-dev strip=binutils)
# Libraries: file=package.
libraries=(/usr/include/espeak-ng/speak_lib.h=libespeak-ng-dev /usr/include/alsa/asoundlib.h=libasound2-dev)
python=(python3=python3)
node=(npm=npm)
swaks=(swaks=swaks)
test=(swaks=swaks msmtp=msmtp s-nail=s-nail curl=curl gammu=gammu postfix=postfix openssl=openssl ip=iproute2
    baresip=baresip-core sipp=sip-tester tshark=tshark dnsmasq=dnsmasq-base
    kamailio=kamailio /usr/share/doc/kamailio-tls-modules=kamailio-tls-modules
    chromium=chromium)
bench=(smtp-source=postfix smtp-sink=postfix postal=postal swaks=swaks
    baresip=baresip-core tshark=tshark stress-ng=stress-ng kamailio=kamailio
    /usr/share/doc/kamailio-tls-modules=kamailio-tls-modules ip=iproute2 nft=nftables)

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

install() {
    echo "installing: $*"
    as_root apt-get update -qq
    # No daemon is to start or to ask because a test wants its program.
    local policy=/usr/sbin/policy-rc.d ours=""
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
        as_root chmod 755 "$policy"
        ours=yes
    fi
    local failed=""
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "$@" >/dev/null || failed=yes
    if [ -n "$ours" ]; then as_root rm "$policy"; fi
    [ -z "$failed" ]
    local service
    for service in postfix kamailio; do
        case " $* " in
        *" $service "*) as_root systemctl disable --quiet "$service" 2>/dev/null || true ;;
        esac
    done
}

need() {
    local missing=() pair
    for pair in "$@"; do
        # /usr/sbin is not in everybody's PATH.
        if ! [ -e "${pair%%=*}" ] && ! PATH="$PATH:/usr/sbin:/sbin" command -v "${pair%%=*}" >/dev/null; then
            missing+=("${pair#*=}")
        fi
    done
    if [ "${#missing[@]}" -gt 0 ]; then install "${missing[@]}"; fi
}

case "${1:-build}" in
build)
    need "${build[@]}" "${libraries[@]}"
    if ! command -v cargo >/dev/null; then
        echo "Rust 1.95 or newer is needed: see https://rustup.rs" >&2
        exit 1
    fi
    ;;
test) need "${test[@]}" ;;
bench) need "${bench[@]}" ;;
package) need "${package[@]}" ;;
python)
    need "${python[@]}"
    python3 -c 'import ensurepip' 2>/dev/null || install python3-venv
    # One of the packages (pesq) is built from C.
    headers=$(python3 -c 'import sysconfig; print(sysconfig.get_paths()["include"])')
    need cc=gcc "$headers/Python.h=python3-dev"
    ;;
node) need "${node[@]}" ;;
swaks) need "${swaks[@]}" ;;
exim)
    folder=$2
    mkdir -p "$folder/deb"
    needed=$(apt-cache depends exim4-daemon-light | sed -n 's/^ *Depends: \(lib[^ <]*\)$/\1/p')
    # shellcheck disable=SC2086 # a list of package names
    install $needed
    (cd "$folder/deb" && apt-get download -qq exim4-daemon-light 2>/dev/null)
    for package in "$folder"/deb/*.deb; do dpkg-deb -x "$package" "$folder"; done
    rm -r "$folder/deb"
    ln -sf usr/sbin/exim4 "$folder/exim4"
    # Exim has the name of its user built in.
    getent passwd Debian-exim >/dev/null ||
        as_root useradd --system --no-create-home --shell /usr/sbin/nologin Debian-exim
    ;;
*)
    echo "setup.sh: unknown part $1" >&2
    exit 2
    ;;
esac
