#!/usr/bin/env bash
# A Debian that boots: the Linux roles twice over SSH, the seal, and a clone of what it leaves. As root (file systems).
#   guest.sh TOOLS FOLDER   TOOLS: those of ci/pipeline-tools; pictures, logs and times stay in FOLDER
#
# The disk is made without an installer and the kernel is handed over by QEMU, so that the minutes go into what is looked at.
set -euo pipefail

tools=$1 work=$2
here=$(dirname "$(realpath "$0")")
# shellcheck source=tests/real/stages.sh
. "$here/stages.sh"
suite=bookworm port=2299
mkdir -p "$work"
password=$(od -An -N12 -tx1 /dev/urandom | tr -d ' \n')
crypt=$(openssl passwd -6 "$password")

stage "a Debian root"
[ -f "$work/key" ] || ssh-keygen -q -t ed25519 -N '' -f "$work/key"
key=$(cat "$work/key.pub")
rm -rf --one-file-system "$work/root"
mmdebstrap --quiet --variant=minbase --mode=root \
  --include=ca-certificates,dbus,ifupdown,init,initramfs-tools,iproute2,isc-dhcp-client,linux-image-cloud-amd64,open-vm-tools,openssh-server,perl,python3-apt,sudo,systemd-sysv,udev,zstd \
  "$suite" "$work/root" "$(mirror "$suite")" 2>"$work/mmdebstrap.log" || { tail "$work/mmdebstrap.log"; fail "mmdebstrap"; }
inside() { chroot "$work/root" "$@"; }
# As the installer leaves it.
inside useradd -m -s /bin/bash -p "$crypt" packer
echo 'packer ALL=(ALL) NOPASSWD: ALL' >"$work/root/etc/sudoers.d/90-build"
chmod 0440 "$work/root/etc/sudoers.d/90-build"
inside install -d -m 0700 -o packer -g packer /home/packer/.ssh
echo "$key" >"$work/root/home/packer/.ssh/authorized_keys"
echo debian >"$work/root/etc/hostname"
printf '127.0.0.1 localhost\n127.0.1.1 debian\n' >"$work/root/etc/hosts"
mkdir -p "$work/root/var/log/journal"
cp "$work/root/etc/resolv.conf" "$work/resolv.conf" 2>/dev/null || true
cat >"$work/root/etc/network/interfaces" <<'INTERFACES'
source /etc/network/interfaces.d/*

auto lo
iface lo inet loopback

# The primary network interface
allow-hotplug enp0s8
iface enp0s8 inet dhcp
INTERFACES
cp "$work"/root/boot/vmlinuz-* "$work/vmlinuz"
cp "$work"/root/boot/initrd.img-* "$work/initrd.img"
rm -f "$work"/*.qcow2
truncate -s 4G "$work/disk.raw"
mke2fs -q -F -t ext4 -d "$work/root" "$work/disk.raw"
qemu-img convert -O qcow2 "$work/disk.raw" "$work/build.qcow2"
rm -rf --one-file-system "$work/root" "$work/disk.raw"

# boot NAME SLOT: NAME.qcow2 with its network card in a slot of the bus
boot() {
  qemu-system-x86_64 -nodefaults -no-user-config -display none -vga std -machine q35 -accel tcg,thread=multi -cpu max -smp 2 -m 1536 \
    -kernel "$work/vmlinuz" -initrd "$work/initrd.img" -append "root=/dev/vda rw console=ttyS0 console=tty0" \
    -drive "if=virtio,format=qcow2,cache=unsafe,file=$work/$1.qcow2" -qmp "unix:$work/qmp,server=on,wait=off" -serial "file:$work/$1.serial" \
    -netdev "user,id=net,hostfwd=tcp:127.0.0.1:$port-:22" -device "virtio-net-pci,netdev=net,addr=$2" 2>"$work/$1.qemu" &
  guest=$!
}
picture() { python3 "$here/qmp.py" "$work/qmp" picture "$work/$1.png" || true; }
in_guest() {
  ssh -q -i "$work/key" -p "$port" -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o ConnectTimeout=10 \
    -o ServerAliveInterval=15 "$@"
}
# An account that can log in, within twenty minutes.
until_login() {
  local end=$((SECONDS + 1200))
  until in_guest "$1@127.0.0.1" true </dev/null; do
    kill -0 "$guest" 2>/dev/null || { cat "$work"/*.qemu; fail "QEMU ended"; }
    [ $SECONDS -lt $end ] || { picture "no-login"; fail "nobody can log in as $1 after 20 minutes: $work/no-login.png"; }
    sleep 3
  done
}
trap 'kill "$guest" 2>/dev/null || true' EXIT

stage "the build's guest boots"
boot build 0x8
until_login packer
picture build-booted
in_guest packer@127.0.0.1 'cat /etc/machine-id; cat /etc/ssh/ssh_host_ed25519_key.pub; ip -brief link | cut -d" " -f1 | tr "\n" " "' >"$work/build.identity"

variables=$(jq -nc --arg key "$key" '{build_username: "packer", ansible_username: "ansible", ansible_key: $key, cloudinit_kept: false, additional_packages: []}')
export ANSIBLE_CONFIG=$here/../../packer/ansible/ansible.cfg ANSIBLE_COLLECTIONS_PATH=$tools/collections PATH=$tools/venv/bin:$PATH
export ANSIBLE_NOCOLOR=1 ANSIBLE_HOME=$work/ansible
play() {
  ansible-playbook --inventory "127.0.0.1:$port," --user packer --private-key "$work/key" \
    --ssh-common-args '-o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=no' --timeout 60 \
    --extra-vars ansible_python_interpreter=/usr/bin/python3 --extra-vars "$variables" "$here/../../packer/ansible/linux-playbook.yml" >"$work/$1.log" 2>&1 ||
    { tail -40 "$work/$1.log"; fail "the $1 run: $work/$1.log"; }
  tail -2 "$work/$1.log" | head -1 | sed 's/.*: ok/ok/'
}
stage "the roles, first run"
play first
stage "the roles, second run"
play second
# A system that runs writes to its logs in between; nothing else may have been changed again.
again=$(awk '/^TASK/ { task = $0 } /^changed:/ { print task }' "$work/second.log" | sort -u | grep -v ': Empty the logs\]' || true)
[ -z "$again" ] || fail "the second run changed something: $again"
picture build-provisioned

stage "the seal"
# What breaks its connection from here on is the machine that goes off, not a busy one that is slow to answer.
until_login packer
# Its connection breaks when the machine goes off.
in_guest packer@127.0.0.1 'sudo -n /usr/local/sbin/seal-template' >"$work/seal.log" 2>&1 </dev/null || true
ended=
for _ in $(seq 300); do kill -0 "$guest" 2>/dev/null || { ended=yes; break; }; sleep 1; done
[ -n "$ended" ] || { picture "not-off"; cat "$work/seal.log"; fail "it did not power off: $work/not-off.png"; }
[ ! -s "$work/seal.log" ] || { cat "$work/seal.log"; fail "the seal that worked says something"; }

stage "a clone boots, its network card in another slot"
qemu-img create -q -f qcow2 -F qcow2 -b build.qcow2 "$work/clone.qcow2"
boot clone 0x10
until_login ansible
picture clone-booted

stage "what a clone is and what it is not"
in_guest ansible@127.0.0.1 "sudo -n sh -c '
  cat /etc/machine-id; cat /etc/ssh/ssh_host_ed25519_key.pub; ip -brief link | cut -d\" \" -f1 | tr \"\\n\" \" \"'" >"$work/clone.identity" </dev/null
same() { [ "$(sed -n "$1p" "$work/build.identity")" = "$(sed -n "$1p" "$work/clone.identity")" ]; }
! same 1 || fail "the clone has the machine id of the template"
! same 2 || fail "the clone has the host key of the template"
! same 3 || fail "its network card has the name of the template's: nothing was tried"
guest_says() { in_guest ansible@127.0.0.1 "sudo -n sh -c '$1'" </dev/null; }
guest_says 'ip -brief address | grep -q 10.0.2.15' || fail "no address"
[ -z "$(guest_says 'getent passwd packer; ls -d /home/packer /etc/sudoers.d/90-build 2>/dev/null; true')" ] || fail "the build account is there"
[ -z "$(guest_says 'cut -d: -f2 /etc/shadow | grep -E "^[^!*]" ; true')" ] || fail "somebody has a password"
# Not as an argument: sudo writes those into the journal, where they would be found.
if cut -d'$' -f4 <<<"$crypt" | in_guest ansible@127.0.0.1 'sudo -n grep -rlF -f - /etc /var /home /root'; then
  fail "the build account's hash is there"
fi
[ "$(guest_says 'journalctl --list-boots --no-pager --quiet | wc -l')" = 1 ] || fail "the journal of the build is there"
[ "$(guest_says 'systemctl is-system-running || true')" = running ] || { guest_says 'systemctl --failed --no-legend'; fail "a unit failed"; }
kill "$guest"
wait "$guest" || true
rm -f "$work"/*.qcow2 "$work/vmlinuz" "$work/initrd.img"
stages
echo "guest: the second run changed nothing; the clone is another machine and knows nothing of the build"
