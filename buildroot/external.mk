include $(sort $(wildcard $(BR2_EXTERNAL_SMTP_APPLIANCE_PATH)/package/*/*.mk))
