################################################################################
#
# espeak-ng
#
################################################################################

ESPEAK_NG_VERSION = 1.52.0
ESPEAK_NG_SITE = $(call github,espeak-ng,espeak-ng,$(ESPEAK_NG_VERSION))
ESPEAK_NG_LICENSE = GPL-3.0-or-later (library), Apache-2.0 (getopt), BSD-2-Clause (ieee80), Unicode-DFS-2016 (ucd-tools)
ESPEAK_NG_LICENSE_FILES = COPYING COPYING.APACHE COPYING.BSD2 COPYING.UCD
ESPEAK_NG_INSTALL_STAGING = YES
# The dictionaries are compiled by the program itself, so one of this machine is needed.
ESPEAK_NG_DEPENDENCIES = host-espeak-ng
HOST_ESPEAK_NG_DEPENDENCIES = host-pkgconf

# Only the library is used: sound goes out by the appliance. Its CMake files would fetch libsonic by git
# when they do not find one, so they are told of one and then not to use it.
ESPEAK_NG_COMMON_OPTS = \
	-DBUILD_SHARED_LIBS=ON \
	-DUSE_ASYNC=OFF \
	-DUSE_LIBPCAUDIO=OFF \
	-DUSE_LIBSONIC=OFF \
	-DUSE_MBROLA=OFF \
	-DUSE_SPEECHPLAYER=OFF \
	-DSONIC_LIB=unused \
	-DSONIC_INC=unused \
	-DENABLE_TESTS=OFF \
	-DFETCHCONTENT_FULLY_DISCONNECTED=ON

HOST_ESPEAK_NG_CONF_OPTS = $(ESPEAK_NG_COMMON_OPTS)
# NativeBuild_DIR: where its program for this machine is (docs/building.md of espeak-ng).
ESPEAK_NG_CONF_OPTS = \
	$(ESPEAK_NG_COMMON_OPTS) \
	-DCOMPILE_INTONATIONS=ON \
	-DNativeBuild_DIR=$(HOST_DIR)/bin

define ESPEAK_NG_KEEP_LANGUAGES
	$(if $(call qstrip,$(BR2_PACKAGE_ESPEAK_NG_LANGUAGES)), \
		cd $(TARGET_DIR)/usr/share/espeak-ng-data && \
		for dictionary in *_dict; do \
			case " $(call qstrip,$(BR2_PACKAGE_ESPEAK_NG_LANGUAGES)) " in \
			*" $${dictionary%_dict} "*) ;; \
			*) rm -f $${dictionary} ;; \
			esac; \
		done)
	rm -f $(TARGET_DIR)/usr/bin/espeak-ng $(TARGET_DIR)/usr/bin/speak-ng
endef
ESPEAK_NG_POST_INSTALL_TARGET_HOOKS += ESPEAK_NG_KEEP_LANGUAGES

$(eval $(cmake-package))
$(eval $(host-cmake-package))
