# Source: the DVD has every package named below, so that the installation itself needs no mirror
cdrom
text
eula --agreed
reboot --eject

lang ${language}
keyboard --vckeymap=${keyboard}
timezone ${timezone} --utc

# "link" is the first interface with a link, whatever the kernel calls it
%{ if network.static ~}
network --device=${network.device} --bootproto=static --ip=${network.address} --netmask=${network.netmask}%{ if network.gateway != null } --gateway=${network.gateway}%{ endif }%{ if length(network.nameservers) > 0 } --nameserver=${join(",", network.nameservers)}%{ endif } --onboot=yes --activate
%{ else ~}
network --device=${network.device} --bootproto=dhcp --onboot=yes --activate
%{ endif ~}
network --hostname=localhost.localdomain

# Accounts: root is locked; the build account goes when the template is sealed
rootpw --lock
user --name=${build_username} --groups=wheel --iscrypted --password="${build_password_encrypted}"
sshkey --username=${build_username} "${build_key}"

firewall --enabled --ssh
selinux --enforcing
firstboot --disable
skipx

# Disk
bootloader --boot-drive=${storage.device}
zerombr
ignoredisk --only-use=${storage.device}
clearpart --all --initlabel --disklabel=gpt --drives=${storage.device}
%{ for partition in storage.partitions ~}
%{ if partition.volume_group != "" ~}
part pv.${partition.volume_group} --ondisk=${storage.device}%{ if partition.size < 0 } --size=1024 --grow%{ else } --size=${partition.size}%{ endif }
%{ else ~}
part ${partition.mount.path} --ondisk=${storage.device} --fstype=${partition.mount.path == "/boot/efi" ? "efi" : partition.format.fstype}%{ if partition.format.label != "" } --label=${partition.format.label}%{ endif }%{ if partition.size < 0 } --size=1024 --grow%{ else } --size=${partition.size}%{ endif }%{ if partition.mount.options != "" } --fsoptions="${partition.mount.options}"%{ endif }
%{ endif ~}
%{ endfor ~}
%{ for group in storage.lvm ~}
volgroup ${group.name} pv.${group.name}
%{ for volume in group.partitions ~}
logvol ${volume.format.fstype == "swap" ? "swap" : volume.mount.path} --vgname=${group.name} --name=${volume.name} --fstype=${volume.format.fstype}%{ if volume.format.label != "" && volume.format.fstype != "swap" } --label=${volume.format.label}%{ endif }%{ if volume.size < 0 } --size=1024 --grow%{ else } --size=${volume.size}%{ endif }%{ if volume.mount.options != "" } --fsoptions="${volume.mount.options}"%{ endif }
%{ endfor ~}
%{ endfor ~}

%packages
@core
openssh-server
open-vm-tools
perl
python3
sudo
-plymouth
%end

# For the length of the build only: it goes with the account when the template is sealed
%post --erroronfail
echo '${build_username} ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/90-build
chmod 0440 /etc/sudoers.d/90-build
%end
