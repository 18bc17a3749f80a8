# U-Boot's script: which of the two slots is started. Each start of a slot that is not yet known to be
# good costs one of its three tries; `rauc status mark-good` gives them back. The kernel lies in the
# slot, so it comes and goes with its root file system.

test -n "${devtype}" || setenv devtype mmc
test -n "${devnum}" || setenv devnum 0
test -n "${BOOT_ORDER}" || setenv BOOT_ORDER "A B"
test -n "${BOOT_A_LEFT}" || setenv BOOT_A_LEFT 3
test -n "${BOOT_B_LEFT}" || setenv BOOT_B_LEFT 3

setenv slot
for candidate in ${BOOT_ORDER}; do
    if test -n "${slot}"; then
        echo "${candidate} waits"
    elif test "${candidate}" = "A" && test ${BOOT_A_LEFT} -gt 0; then
        setexpr BOOT_A_LEFT ${BOOT_A_LEFT} - 1
        setenv slot A
        setenv slot_part 2
    elif test "${candidate}" = "B" && test ${BOOT_B_LEFT} -gt 0; then
        setexpr BOOT_B_LEFT ${BOOT_B_LEFT} - 1
        setenv slot B
        setenv slot_part 3
    fi
done

# Nothing left to try: begin again rather than stand still. What fails by the modem or by the network
# may come back.
if test -z "${slot}"; then
    echo "no slot has tries left, all begin anew"
    setenv BOOT_A_LEFT 3
    setenv BOOT_B_LEFT 3
    saveenv
    reset
fi
saveenv

# What the firmware says about the board (sound, memory, addresses) and cmdline.txt stand in the device
# tree it hands over.
fdt addr ${fdt_addr}
fdt get value firmware_args /chosen bootargs
part uuid ${devtype} ${devnum}:${slot_part} slot_uuid
setenv bootargs "${firmware_args} root=PARTUUID=${slot_uuid} ro rootwait rauc.slot=${slot}"
if test -n "${machine_id}"; then
    setenv bootargs "${bootargs} systemd.machine_id=${machine_id}"
fi

echo "starting slot ${slot}"
if load ${devtype} ${devnum}:${slot_part} ${kernel_addr_r} boot/Image; then
    # The kernel of the image needs none; that of the tests does.
    if load ${devtype} ${devnum}:${slot_part} ${ramdisk_addr_r} boot/initrd.img; then
        booti ${kernel_addr_r} ${ramdisk_addr_r}:${filesize} ${fdt_addr}
    else
        booti ${kernel_addr_r} - ${fdt_addr}
    fi
fi

# There is no kernel in this slot, or it is none.
echo "slot ${slot} cannot be started"
setenv BOOT_${slot}_LEFT 0
saveenv
reset
