#!/usr/bin/env bash
# `make deb`: a Debian package of a binary that was built before, in target/deb.
#   deb.sh amd64|arm64 BINARY
set -euo pipefail
cd "$(dirname "$0")/../.."

architecture=$1
binary=$2
[ -x "$binary" ] || {
    echo "deb: $binary is not built" >&2
    exit 1
}
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
# Who makes the package answers for it.
maintainer="${DEBFULLNAME:-$(git log -1 --format=%an)} <${DEBEMAIL:-$(git log -1 --format=%ae)}>"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
doc=$root/usr/share/doc/smtp-appliance

run() {
    case "$architecture:$(dpkg --print-architecture)" in
    arm64:arm64 | amd64:amd64) "$binary" "$@" ;;
    arm64:*) qemu-aarch64-static "$binary" "$@" ;;
    *)
        echo "deb: a binary for $architecture cannot be run here" >&2
        exit 1
        ;;
    esac
}

install -D -m 0755 "$binary" "$root/usr/bin/smtp-appliance"
case "$architecture" in
arm64) strip=aarch64-linux-gnu-strip ;;
*) strip="strip" ;;
esac
command -v "$strip" >/dev/null || strip="strip"
"$strip" --strip-unneeded --remove-section=.comment "$root/usr/bin/smtp-appliance"

for file in systemd/system/smtp-appliance.service sysusers.d/smtp-appliance.conf \
    tmpfiles.d/smtp-appliance.conf udev/rules.d/70-smtp-appliance-modem.rules; do
    install -D -m 0644 "overlay/usr/lib/$file" "$root/usr/lib/$file"
done

mkdir -p "$root/usr/share/man/man8" "$root/usr/share/bash-completion/completions" \
    "$root/usr/share/zsh/vendor-completions" "$root/usr/share/fish/vendor_completions.d"
run man | gzip -9n >"$root/usr/share/man/man8/smtp-appliance.8.gz"
run completions bash >"$root/usr/share/bash-completion/completions/smtp-appliance"
run completions zsh >"$root/usr/share/zsh/vendor-completions/_smtp-appliance"
run completions fish >"$root/usr/share/fish/vendor_completions.d/smtp-appliance.fish"

install -D -m 0644 dist/debian/copyright "$doc/copyright"
install -m 0644 config.example.toml README.md "$doc/"
printf 'smtp-appliance (%s) unstable; urgency=medium\n\n  * Release %s.\n\n -- %s  %s\n' \
    "$version" "$version" "$maintainer" "$(date -u -R -d "@$SOURCE_DATE_EPOCH")" |
    gzip -9n >"$doc/changelog.gz"

# Which libraries, in which versions: asked of the binary itself.
mkdir -p "$work/debian"
printf 'Source: smtp-appliance\n\nPackage: smtp-appliance\nArchitecture: any\n' >"$work/debian/control"
cross=()
[ "$architecture" = "$(dpkg --print-architecture)" ] || cross=(-l"/usr/lib/aarch64-linux-gnu")
depends=$(cd "$work" && DEB_HOST_ARCH=$architecture dpkg-shlibdeps -O "${cross[@]}" "$root/usr/bin/smtp-appliance" 2>/dev/null |
    sed -n 's/^shlibs:Depends=//p')
[ -n "$depends" ] || {
    echo "deb: dpkg-shlibdeps does not know the libraries of $binary" >&2
    exit 1
}

mkdir -p "$root/DEBIAN"
for script in postinst prerm postrm; do install -m 0755 "dist/debian/$script" "$root/DEBIAN/$script"; done
cat >"$root/DEBIAN/control" <<EOF
Package: smtp-appliance
Version: $version
Architecture: $architecture
Maintainer: $maintainer
Installed-Size: $(du -sk --exclude=DEBIAN "$root" | cut -f 1)
Depends: $depends, init-system-helpers (>= 1.52), systemd | systemd-standalone-sysusers, systemd | systemd-standalone-tmpfiles
Recommends: ca-certificates
Suggests: alsa-utils, chrony
Section: net
Priority: optional
Description: takes alert mails and tells a person, by call, SMS and mail
 Point the mail of a monitoring system at this machine: each mail is
 understood, written to disk and told to the people on call, by mail, by SMS
 and by a telephone call in which a voice says what happened and a key press
 proves that somebody understood. SMS and calls go out through a GSM modem or
 by SIP.
EOF
(cd "$root" && find . -type f ! -path './DEBIAN/*' -printf '%P\0' | LC_ALL=C sort -z | xargs -0 md5sum) >"$root/DEBIAN/md5sums"
find "$root" -newermt "@$SOURCE_DATE_EPOCH" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
chmod -R u+rwX,go+rX,go-w "$root"

mkdir -p target/deb
package=target/deb/smtp-appliance_${version}_$architecture.deb
dpkg-deb --root-owner-group -Zxz --build "$root" "$package" >/dev/null
echo "$package ($(($(wc -c <"$package") / 1000)) kB): $depends"

if command -v lintian >/dev/null; then
    # The changelog of the project is not Debian's, and no bug of Debian's is closed by it.
    lintian --fail-on error --suppress-tags initial-upload-closes-no-bugs,bad-distribution-in-changes-file "$package"
fi
