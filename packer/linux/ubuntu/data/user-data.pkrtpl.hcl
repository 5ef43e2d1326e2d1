#cloud-config
autoinstall:
  version: 1
  early-commands:
    # The live system answers on port 22 too, and its refusal would end the build: nobody listens until the installed system does.
    - systemctl mask --now --runtime ssh.service ssh.socket || true
  locale: ${jsonencode(language)}
  keyboard:
    layout: ${jsonencode(keyboard)}
  timezone: ${jsonencode(timezone)}
  identity:
    hostname: ubuntu
    username: ${jsonencode(build_username)}
    password: ${jsonencode(build_password_encrypted)}
  ssh:
    install-server: true
    allow-pw: true
    authorized-keys:
      - ${jsonencode(build_key)}
  network:
    version: 2
    ethernets:
      primary:
        # Whatever the kernel calls it: ens33 or ens192, by the virtual hardware's PCI slot.
        match:
          name: "en*"
%{ if network.static ~}
        dhcp4: false
        addresses:
          - ${jsonencode("${network.address}/${network.prefix}")}
%{ if network.gateway != null ~}
        routes:
          - to: default
            via: ${jsonencode(network.gateway)}
%{ endif ~}
        nameservers:
          addresses: ${jsonencode(network.nameservers)}
%{ else ~}
        dhcp4: true
        # The live and the installed system ask as the same client and keep the same lease;
        # packer has read the address while the live system ran.
        dhcp-identifier: mac
%{ endif ~}
  packages:
    - open-vm-tools
    - python3-apt
    - sudo
  storage:
    config:
      - type: disk
        id: disk
        path: ${jsonencode("/dev/${storage.device}")}
        ptable: gpt
        wipe: superblock-recursive
        preserve: false
%{ for number, partition in storage.partitions ~}
      - type: partition
        id: partition-${partition.name}
        device: disk
        number: ${number + 1}
        size: ${partition.size < 0 ? "-1" : "${partition.size}M"}
        wipe: superblock
        preserve: false
%{ if partition.mount.path == "/boot/efi" ~}
        flag: boot
        grub_device: true
%{ endif ~}
%{ if partition.volume_group == "" ~}
      - type: format
        id: format-${partition.name}
        volume: partition-${partition.name}
        fstype: ${partition.format.fstype}
%{ if partition.format.label != "" ~}
        label: ${jsonencode(partition.format.label)}
%{ endif ~}
      - type: mount
        id: mount-${partition.name}
        device: format-${partition.name}
        path: ${jsonencode(partition.mount.path)}
%{ if partition.mount.options != "" ~}
        options: ${jsonencode(partition.mount.options)}
%{ endif ~}
%{ endif ~}
%{ endfor ~}
%{ for group in storage.lvm ~}
      - type: lvm_volgroup
        id: group-${group.name}
        name: ${jsonencode(group.name)}
        devices: ${jsonencode([for partition in storage.partitions : "partition-${partition.name}" if partition.volume_group == group.name])}
        preserve: false
%{ for volume in group.partitions ~}
      - type: lvm_partition
        id: volume-${volume.name}
        name: ${jsonencode(volume.name)}
        volgroup: group-${group.name}
        size: ${volume.size < 0 ? "-1" : "${volume.size}M"}
        wipe: superblock
        preserve: false
      - type: format
        id: format-${volume.name}
        volume: volume-${volume.name}
        fstype: ${volume.format.fstype}
%{ if volume.format.label != "" ~}
        label: ${jsonencode(volume.format.label)}
%{ endif ~}
      - type: mount
        id: mount-${volume.name}
        device: format-${volume.name}
        path: ${jsonencode(volume.format.fstype == "swap" ? "" : volume.mount.path)}
%{ if volume.mount.options != "" ~}
        options: ${jsonencode(volume.mount.options)}
%{ endif ~}
%{ endfor ~}
%{ endfor ~}
  late-commands:
    # For the length of the build only: it goes with the account when the template is sealed.
    - ${jsonencode("echo '${build_username} ALL=(ALL) NOPASSWD: ALL' >/target/etc/sudoers.d/90-build")}
    - chmod 0440 /target/etc/sudoers.d/90-build
  shutdown: reboot
