import { table } from '../table.ts'

/** Programs that change files or take things from the network in ordinary ways: worth a look, not a question. */
export const FILES = table(String.raw`
file.change :: medium :: cp mv ln mkdir rmdir touch install rename ditto unlink mktemp mkfifo mknod fallocate truncate tee sponge split csplit patch dos2unix unix2dos rsync chmod chown chgrp setfacl xattr crudini augtool rm shred trash trash-put :: changes files
file.link-grave :: high :: ln link cp :: val ^(?:/etc/(?:shadow|sudoers|passwd)|/root(?:/|$)|/bin/(?:ba)?sh|/usr/bin/(?:bash|sudo)|/proc/\S+/root|/$) :: line (?:^| )-\w*s|^/bin/(?:ba)?sh /(?:tmp|var|dev)|^/usr/bin/bash /tmp :: puts a grave file in another place
file.copy-shell :: high :: cp install mv ln :: line (?:^| )/(?:usr/)?bin/(?:ba|da|z|k)?sh /(?:tmp|var/tmp|dev/shm|home) :: copies a shell to where it may be given rights
file.rename-code :: high :: rename prename :: val system|exec|\x60|qx :: runs code to make new names
file.patch :: medium :: patch :: changes files as a patch says
file.install :: medium :: stow dpkg-divert update-desktop-database update-mime-database glib-compile-schemas ldconfig depmod mandb updatedb :: changes what the system knows
network.upload :: medium :: curl wget scp sftp rsync ftp tftp rclone gsutil s3cmd croc wormhole nc socat mail mutt swaks :: can carry files over the network
network.git :: medium :: git gh hub glab svn hg :: sub push pull fetch clone remote submodule ls-remote :: carries work over the network
shell.dev-tcp :: high :: bash sh exec cat echo :: val ^/dev/(?:tcp|udp)/ :: opens a network connection
file.second-operand :: medium :: uniq xxd pdftotext pdftohtml pdftops ps2ascii pdfimages pdftoppm :: line ^(?:-\S+ (?:\d\S* )?)*[^-\s\d]\S* [^-\s]\S*$ :: writes the file its second operand names
file.in-place :: medium :: dos2unix unix2dos mac2unix unix2mac recode rpl sd :: val ^[^-] :: changes a file where it is
file.metadata :: medium :: exiftool :: val ^-[\w:]+[-+^]?<?=|^-(?:overwrite_original|delete_original|restore_original|TagsFromFile|o|w|geotag) :: changes or writes files
file.compile-magic :: medium :: file :: opt -C --compile :: writes a file
file.mlr-in-place :: medium :: mlr :: line (?:^| )-I\b|\btee\s+>|\bsplit\b|\bsystem\b|\bexec\b|(?:tee|emit|print|dump)\s*> :: changes files, or runs something
file.media-write :: medium :: mediainfo identify :: opt --LogFile -write :: writes a file
network.fetch-name :: medium :: xmllint ffprobe mediainfo identify exiftool soxi pdfinfo bat less jq yq file man info :: val ^(?:https?|ftps?|sftp|smb|rtsp|rtmp|s3|gs|udp|tcp):// :: takes a file from the network
system.session :: medium :: loginctl :: val ^(?:terminate-|kill-|lock-|unlock-|enable-linger|disable-linger|activate|attach|flush) :: changes who is logged in, or what stays when they leave
system.name :: medium :: hostnamectl hostname :: line ^(?:set-)?(?:hostname|chassis|location|deployment|icon-name) \S|^[\w.][\w.-]*$|^(?:-F|--file|-b)\b :: not ^(?:status|hostname|chassis|location|deployment|icon-name)$ :: gives the machine another name
system.date :: medium :: date :: val ^\d{8,}(?:\.\d\d)?$ :: sets the clock
system.interface :: medium :: ifconfig :: line ^\S+ .*\b(?:up|down|add|del|hw|mtu|promisc|netmask|broadcast|arp|tunnel|\d+\.\d+\.\d+\.\d+)\b :: changes the network of this machine
system.kernel-messages :: medium :: dmesg :: opt -n --console-level -D --console-off -E --console-on :: changes what the kernel says where
system.kill-socket :: medium :: ss :: opt -K --kill :: ends connections of others
system.desktop :: medium :: setxkbmap sensors screenfetch inxi neofetch fastfetch :: line (?:^| )(?:-s|-U|-u|--set|--config|--source|--logo-\w+|\w{2}(?:,\w{2})*$) :: changes settings, or sends or runs something
exec.expression :: medium :: expr let test :: val \$\(|\x60 :: works out what another command writes
`)
