/** What a program does with the files it is given. */
export type OperandKind = 'names' | 'reads' | 'uses' | 'edits' | 'writes' | 'copies' | 'removes' | 'rights'

export interface OperandRow {
  readonly kind: OperandKind
  readonly of: string
}

/** Programs that are not here read what they are given, as far as can be told. */
export const OPERANDS: readonly OperandRow[] = [
  // they only say that it is there
  {
    kind: 'names',
    of: 'ls dir vdir stat file test [ [[ find fd locate plocate which whereis type echo printf cd pushd popd pwd basename dirname realpath readlink du df tree exa eza lsd mkdir man info apropos whatis tldr help kill pkill killall pgrep ps touch id groups getent lsattr getfacl lsof fuser dpkg rpm apt brew umount mountpoint findmnt export unset alias whoami cal date sleep seq true false hash lsblk blkid mount fdisk parted sfdisk gdisk hdparm smartctl e2label tune2fs fsck dumpe2fs mkswap swapon swapoff resize2fs lvcreate lvextend pvcreate vgcreate cryptsetup dmsetup losetup wipefs mdadm blockdev partprobe badblocks btrfs zpool zfs xfs_repair udevadm',
  },
  // the tools a key or a credential file is made for
  {
    kind: 'uses',
    of: 'ssh scp sftp ssh-keygen ssh-add ssh-copy-id ssh-agent ssh-keyscan mosh autossh sshfs rsync kubectl helm k9s kubectx kubens oc eksctl aws az gcloud gsutil terraform tofu pulumi ansible ansible-playbook ansible-vault docker docker-compose podman nerdctl skopeo buildah gpg gpgv gpg-agent gpgconf pass gopass openssl keytool certbot acme.sh mkcert step certtool wg wg-quick openvpn nmcli psql pg_dump mysql mysqldump redis-cli mongo mongosh git gh glab npm yarn pnpm cargo twine gem dotenv source chmod chown chgrp restorecon chattr setfacl age sops vault rclone restic borg duplicity hub heroku flyctl vercel netlify doctl hcloud linode-cli minikube kind k3d k3s kubeadm firefox chromium google-chrome history java jarsigner apksigner ngrok cloudflared puttygen dropbearkey john hashcat pwck grpck vipw vigr visudo',
  },
  {
    kind: 'edits',
    of: 'vim nano emacs ed pico micro hx helix kak joe mcedit code gedit kate mousepad jed ne tilde mg jmacs rjoe',
  },
  { kind: 'writes', of: 'tee truncate sponge fallocate mkfifo mknod patch chattr crudini augtool' },
  { kind: 'copies', of: 'cp mv ln install rename rsync-local ditto gcp gmv link' },
  { kind: 'removes', of: 'rm unlink rmdir shred srm wipe trash trash-put rip gio-trash del grm' },
  { kind: 'rights', of: 'chmod chown chgrp setfacl chcon setcap setfattr restorecon xattr' },
]
