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
exec.expression :: medium :: expr let test :: val \$\(|\x60 :: works out what another command writes
`)
