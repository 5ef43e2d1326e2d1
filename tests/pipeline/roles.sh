#!/usr/bin/env bash
# Runs the Linux playbook twice on a small Debian below a folder, then the last step of a build, and looks at what is left.
#   roles.sh TOOLS FOLDER   as root, in a mount namespace of its own: what it mounts goes with it
#
# A chroot has no init: units are enabled but nothing starts, and the last step's "power off" is a stand-in that says it was asked.
# EL's half of the roles cannot run here; it is linted and syntax-checked.
set -euo pipefail

tools=$1 work=$2 root=$2/root
here=$(dirname "$(realpath "$0")")
# shellcheck disable=SC2016 # no variables: a crypt
crypt='$6$testsalt$ThisHashMustNotSurviveTheBuild'
fail() { echo "FAILED: $*" >&2; exit 1; }
inside() { chroot "$root" env -i PATH=/stand-in:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin "$@"; }

mkdir -p "$root"
trap 'umount -l "$root/proc" "$root/dev" 2>/dev/null || true; rm -rf --one-file-system "$work"' EXIT
tar -C "$root" -xf "$tools/debian-root.tar"
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
cp /etc/resolv.conf "$root/etc/resolv.conf"
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 0755 "$root/usr/sbin/policy-rc.d"

# As an installer leaves it.
inside useradd -m -s /bin/bash -p "$crypt" packer
echo 'packer ALL=(ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/90-build"
chmod 0440 "$root/etc/sudoers.d/90-build"
mkdir -p "$root"/{home/packer/.ssh,var/log/installer/cdebconf,var/log/journal/0123,etc/vmware-tools,etc/cloud/clean.d,var/lib/dhcp}
echo "$crypt" >"$root/var/log/installer/cdebconf/passwords.dat"
echo lease >"$root/var/lib/dhcp/dhclient.leases"
echo old >"$root/tmp/left-over"
echo entries >"$root/var/log/journal/0123/system.journal"
touch "$root"/etc/cloud/{cloud-init.disabled,ds-identify.cfg,clean.d/99-installer}
cat >"$root/etc/network/interfaces" <<'INTERFACES'
source /etc/network/interfaces.d/*

auto lo
iface lo inet loopback

# The primary network interface
allow-hotplug ens192
iface ens192 inet static
	address 192.0.2.10/24
INTERFACES
inside ssh-keygen -A >/dev/null

variables='{"build_username": "packer", "ansible_username": "ansible", "ansible_key": "ssh-ed25519 AAAATest ansible@example.com", "cloudinit_kept": false, "additional_packages": []}'
export ANSIBLE_CONFIG=$here/../../packer/ansible/ansible.cfg ANSIBLE_COLLECTIONS_PATH=$tools/collections PATH=$tools/venv/bin:$PATH
export ANSIBLE_NOCOLOR=1 ANSIBLE_HOME=$work/ansible
play() {
  ansible-playbook --inventory "$root," --connection community.general.chroot \
    --extra-vars ansible_python_interpreter=/usr/bin/python3 --extra-vars "$variables" "$here/../../packer/ansible/linux-playbook.yml" >"$work/$1.log" 2>&1 ||
    { cat "$work/$1.log"; fail "the $1 run"; }
  tail -2 "$work/$1.log" | head -1 | sed 's/.*: ok/ok/'
}
play first
play second
grep -Eq 'changed=0 .*failed=0' "$work/second.log" || { grep -E '^(TASK|changed)' "$work/second.log"; fail "the second run changed something"; }

# The account that stays can log in by key alone and become root.
inside visudo -cq || fail "sudoers"
inside getent shadow ansible | grep -q '^ansible:!' || fail "the ansible account has a password"
[ "$(cat "$root/home/ansible/.ssh/authorized_keys")" = "ssh-ed25519 AAAATest ansible@example.com" ] || fail "its key"
[ "$(stat -c '%a %U' "$root/home/ansible/.ssh/authorized_keys")" = "600 $(stat -c %U "$root/home/ansible")" ] || fail "its key's mode"

# Whoever builds can connect once more.
[ -e "$root/etc/ssh/ssh_host_ed25519_key" ] || fail "sshd has no host key: nobody can log in any more"

# Nothing of this machine for a clone to inherit.
[ "$(stat -c %s "$root/etc/machine-id")" = 0 ] || fail "machine-id"
[ "$(cat "$root/etc/hostname")" = localhost ] || fail "host name"
[ -z "$(find "$root/tmp" "$root/var/tmp" "$root/var/lib/dhcp" "$root/var/cache/apt/archives" -mindepth 1 ! -name lock ! -name partial)" ] || fail "left-overs"
[ -z "$(find "$root/var/log" -type f -size +0)" ] || fail "logs"

[ -z "$(find "$root/etc/cloud" -type f)" ] || fail "cloud-init is switched off"

# A network card in another slot gets the network, and the one that the template had keeps it.
# shellcheck disable=SC2016 # the inner shell's
unshare --net chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin sh -euc '
  mkdir -p /run/network
  for name in ens192 ens161; do
    ip link add "$name" type veth peer name other
    [ "$(ifquery --allow hotplug --list "$name")" = "$name" ]
    ifup --allow=hotplug "$name"
    ip -brief address show "$name" | grep -q "192.0.2.10/24"
    ifdown "$name"
    ip link delete "$name"
  done' >"$work/network" 2>&1 || { cat "$work/network"; fail "the network of a clone"; }

# What a clone does at its first boot.
inside systemd-analyze verify ssh-host-keys.service || fail "the host key unit"
[ -L "$root/etc/systemd/system/multi-user.target.wants/ssh-host-keys.service" ] || fail "the host key unit is not enabled"
mkdir -p "$root/run/sshd"
inside sshd -T >"$work/sshd" || fail "sshd's configuration"
[ "$(grep -cxE 'permitrootlogin no|pubkeyauthentication yes' "$work/sshd")" = 2 ] || fail "sshd's settings"

# The last step: the build account goes with all it had, then the machine goes off.
mkdir "$root/stand-in"
printf '#!/bin/sh\necho "$@" >/stand-in/asked\n' >"$root/stand-in/systemctl"
printf '#!/bin/sh\necho "$@" >/stand-in/journal\n' >"$root/stand-in/journalctl"
chmod 0755 "$root"/stand-in/*
# As after a restart between the roles and the end.
echo 0123456789abcdef0123456789abcdef >"$root/etc/machine-id"
[ -e "$root/etc/ssh/ssh_host_ed25519_key" ] || fail "no host key to remove"
inside /usr/local/sbin/seal-template || fail "the last step"
[ ! -s "$root/etc/machine-id" ] || fail "the machine's id is still there"
[ -z "$(find "$root/etc/ssh" -name 'ssh_host_*')" ] || fail "the host keys are still there"
[ "$(cat "$root/stand-in/journal")" = --relinquish-var ] || fail "the journal still goes to the disk"
[ -z "$(find "$root/var/log/journal" -mindepth 1)" ] || fail "the build's journal"
[ "$(cat "$root/stand-in/asked")" = poweroff ] || fail "it did not power off"
! inside getent passwd packer >/dev/null || fail "the build account is still there"
for trace in home/packer etc/sudoers.d/90-build usr/local/sbin/seal-template; do
  [ ! -e "$root/$trace" ] || fail "/$trace is still there"
done
! grep -rlF "$crypt" "$root/etc" "$root/var" "$root/home" "$root/root" || fail "its password's hash is still there"
echo "roles: the second run changed nothing, the build account is gone, nothing of the machine is left"
