# Localisation
d-i debian-installer/locale string ${language}
d-i keyboard-configuration/xkb-keymap select ${keyboard}

# Network: "auto" takes the first interface with a link, whatever the kernel calls it
d-i netcfg/choose_interface select ${network.device}
d-i netcfg/link_wait_timeout string 30
d-i netcfg/get_hostname string debian
d-i netcfg/get_domain string localdomain
%{ if network.static ~}
d-i netcfg/disable_autoconfig boolean true
d-i netcfg/get_ipaddress string ${network.address}
d-i netcfg/get_netmask string ${network.netmask}
d-i netcfg/get_gateway string ${network.gateway == null ? "none" : network.gateway}
d-i netcfg/get_nameservers string ${join(" ", network.nameservers)}
d-i netcfg/confirm_static boolean true
%{ else ~}
d-i netcfg/dhcp_timeout string 90
# A closed network may name no servers and no way out; what is missing shows where it is needed.
d-i netcfg/get_nameservers string
d-i netcfg/no_default_route boolean true
%{ endif ~}
d-i hw-detect/load_firmware boolean false

# Mirror
d-i mirror/country string manual
d-i mirror/http/hostname string deb.debian.org
d-i mirror/http/directory string /debian
d-i mirror/http/proxy string
d-i apt-setup/cdrom/set-first boolean false
d-i apt-setup/disable-cdrom-entries boolean true
d-i apt-setup/services-select multiselect security, updates

# Clock
d-i clock-setup/utc boolean true
d-i clock-setup/ntp boolean true
d-i time/zone string ${timezone}

# Accounts: no root login; the build account goes when the template is sealed
d-i passwd/root-login boolean false
d-i passwd/make-user boolean true
d-i passwd/user-fullname string ${build_username}
d-i passwd/username string ${build_username}
d-i passwd/user-password-crypted password ${build_password_encrypted}

# Disk
d-i partman-auto/disk string /dev/${storage.device}
d-i partman-partitioning/choose_label string gpt
d-i partman-partitioning/default_label string gpt
d-i partman-efi/non_efi_system boolean true
%{ if length(storage.lvm) > 0 ~}
d-i partman-auto/method string lvm
d-i partman-auto-lvm/new_vg_name string ${storage.lvm[0].name}
d-i partman-auto-lvm/guided_size string max
d-i partman-lvm/device_remove_lvm boolean true
d-i partman-lvm/confirm boolean true
d-i partman-lvm/confirm_nooverwrite boolean true
%{ else ~}
d-i partman-auto/method string regular
%{ endif ~}
d-i partman-auto/choose_recipe select template
# Per entry: least size, weight, largest size. Only what has a weight above its least size grows.
d-i partman-auto/expert_recipe string template :: \
%{ for partition in storage.partitions ~}
%{ if partition.volume_group != "" ~}
    ${partition.size < 0 ? "1024 10000 -1" : "${partition.size} ${partition.size} ${partition.size}"} ext3 $defaultignore{ } $primary{ } method{ lvm } vg_name{ ${partition.volume_group} } . \
%{ else ~}
%{ if partition.mount.path == "/boot/efi" ~}
    ${partition.size} ${partition.size} ${partition.size} fat32 $primary{ } $iflabel{ gpt } $reusemethod{ } method{ efi } format{ } . \
%{ else ~}
    ${partition.size < 0 ? "1024 10000 -1" : "${partition.size} ${partition.size} ${partition.size}"} ${partition.format.fstype} $primary{ } method{ format } format{ } use_filesystem{ } filesystem{ ${partition.format.fstype} }%{ if partition.format.label != "" } label{ ${partition.format.label} }%{ endif } mountpoint{ ${partition.mount.path} }%{ for option in compact(split(",", partition.mount.options)) } options/${option}{ ${option} }%{ endfor } . \
%{ endif ~}
%{ endif ~}
%{ endfor ~}
%{ for group in storage.lvm ~}
%{ for volume in group.partitions ~}
%{ if volume.format.fstype == "swap" ~}
    ${volume.size} ${volume.size} ${volume.size} linux-swap $lvmok{ } in_vg{ ${group.name} } lv_name{ ${volume.name} } method{ swap } format{ } . \
%{ else ~}
    ${volume.size < 0 ? "1024 10000 -1" : "${volume.size} ${volume.size} ${volume.size}"} ${volume.format.fstype} $lvmok{ } in_vg{ ${group.name} } lv_name{ ${volume.name} } method{ format } format{ } use_filesystem{ } filesystem{ ${volume.format.fstype} }%{ if volume.format.label != "" } label{ ${volume.format.label} }%{ endif } mountpoint{ ${volume.mount.path} }%{ for option in compact(split(",", volume.mount.options)) } options/${option}{ ${option} }%{ endfor } . \
%{ endif ~}
%{ endfor ~}
%{ endfor ~}

d-i partman-basicfilesystems/no_swap boolean false
d-i partman-partitioning/confirm_write_new_label boolean true
d-i partman/choose_partition select finish
d-i partman/confirm boolean true
d-i partman/confirm_nooverwrite boolean true

# Packages
tasksel tasksel/first multiselect standard
d-i pkgsel/include string openssh-server open-vm-tools python3-apt perl sudo
d-i pkgsel/upgrade select none
d-i pkgsel/update-policy select none
popularity-contest popularity-contest/participate boolean false

# Boot loader; the removable path too, so that a clone without the template's NVRAM still boots
d-i grub-installer/only_debian boolean true
d-i grub-installer/bootdev string /dev/${storage.device}
d-i grub-installer/force-efi-extra-removable boolean true

# For the length of the build only: both go with the account when the template is sealed
d-i preseed/late_command string \
    echo '${build_username} ALL=(ALL) NOPASSWD: ALL' >/target/etc/sudoers.d/90-build; \
    chmod 0440 /target/etc/sudoers.d/90-build; \
    in-target install -d -m 0700 -o ${build_username} -g ${build_username} /home/${build_username}/.ssh; \
    echo '${build_key}' >/target/home/${build_username}/.ssh/authorized_keys; \
    in-target chown ${build_username}: /home/${build_username}/.ssh/authorized_keys

d-i finish-install/reboot_in_progress note
d-i cdrom-detect/eject boolean true
