# The Buildroot release the image is built with, and the digest of its archive. The digest was not
# computed here: it is the one that five projects independent of each other have pinned for this
# archive; `make image` stops when the archive has another.
BUILDROOT_VERSION = 2026.08
BUILDROOT_SHA256 = 87aaca4164ea9d5c8085854953018263f7963f07c22e73a2a2185cc98c581c34
BUILDROOT_URL = https://buildroot.org/downloads/buildroot-$(BUILDROOT_VERSION).tar.xz
