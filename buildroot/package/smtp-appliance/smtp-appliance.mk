################################################################################
#
# smtp-appliance
#
################################################################################

# The working copy this file lies in. Buildroot does not vendor a local site: tools/image/build.sh puts
# an archive of the sources with their vendored crates there, and the build downloads nothing.
SMTP_APPLIANCE_VERSION = $(shell sed -n 's/^version = "\(.*\)"/\1/p' $(BR2_EXTERNAL_SMTP_APPLIANCE_PATH)/../Cargo.toml | head -n 1)
SMTP_APPLIANCE_SITE = $(SMTP_APPLIANCE_SOURCE_DIR)
SMTP_APPLIANCE_SITE_METHOD = local
SMTP_APPLIANCE_LICENSE = GPL-3.0-or-later
SMTP_APPLIANCE_LICENSE_FILES = LICENSE
SMTP_APPLIANCE_DEPENDENCIES = host-pkgconf alsa-lib espeak-ng

# Its release profile is the project's own, whatever Buildroot's defaults are.
SMTP_APPLIANCE_CARGO_ENV = \
	CARGO_PROFILE_RELEASE_LTO="thin" \
	CARGO_PROFILE_RELEASE_CODEGEN_UNITS="4" \
	PKG_CONFIG_ALLOW_CROSS=1

# The number of the user is fixed: an update must find its files on the data partition.
define SMTP_APPLIANCE_USERS
	smtp-appliance 580 smtp-appliance 580 * /var/lib/smtp-appliance - dialout,audio,gpio SMTP appliance
	- - dialout -1 - - - -
	- - audio -1 - - - -
	- - gpio 581 - - - -
endef

# No completions and no manual page: nobody works at the board itself. The units come by the overlay.
$(eval $(cargo-package))
