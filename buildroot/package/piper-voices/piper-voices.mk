################################################################################
#
# piper-voices
#
################################################################################

PIPER_VOICES_VERSION = 1.0.0
PIPER_VOICES_SITE = https://huggingface.co/rhasspy/piper-voices/resolve/v$(PIPER_VOICES_VERSION)
PIPER_VOICES_SOURCE =
PIPER_VOICES_LICENSE = CC0-1.0 (recordings), see Config.in for where the models began

ifeq ($(BR2_PACKAGE_PIPER_VOICES_EN),y)
PIPER_VOICES_EXTRA_DOWNLOADS += \
	$(PIPER_VOICES_SITE)/en/en_US/joe/medium/en_US-joe-medium.onnx \
	$(PIPER_VOICES_SITE)/en/en_US/joe/medium/en_US-joe-medium.onnx.json
endif

ifeq ($(BR2_PACKAGE_PIPER_VOICES_ES),y)
PIPER_VOICES_EXTRA_DOWNLOADS += \
	$(PIPER_VOICES_SITE)/es/es_ES/davefx/medium/es_ES-davefx-medium.onnx \
	$(PIPER_VOICES_SITE)/es/es_ES/davefx/medium/es_ES-davefx-medium.onnx.json
endif

# Beside the read-only system; `speech.voices` in the store is for those that come later, and
# `data-layout` links these there.
define PIPER_VOICES_INSTALL_TARGET_CMDS
	mkdir -p $(TARGET_DIR)/usr/share/smtp-appliance/voices
	$(foreach voice,$(notdir $(PIPER_VOICES_EXTRA_DOWNLOADS)), \
		$(INSTALL) -m 0644 $(PIPER_VOICES_DL_DIR)/$(voice) \
			$(TARGET_DIR)/usr/share/smtp-appliance/voices/$(voice)
	)
endef

$(eval $(generic-package))
