import { table } from '../table.ts'

/** What breaks things, opens doors, hides traces, stays behind or looks for keys. */
export const HARM = table(String.raw`
# disks and the machine
destroy.format :: critical :: mkfs mkfs.ext2 mkfs.ext3 mkfs.ext4 mkfs.xfs mkfs.btrfs mkfs.vfat mkfs.fat mkfs.ntfs mkfs.exfat mkfs.f2fs mke2fs mkswap wipefs newfs format newfs_hfs :: val ^/dev/(?:[shv]d[a-z]|xvd[a-z]|nvme\d+n\d+|mmcblk\d+|r?disk\d+|md\d+)$ :: not (?:^| )(?:-n|--no-act|--help) :: makes a new file system over a whole disk
destroy.format-part :: high :: mkfs mkfs.ext2 mkfs.ext3 mkfs.ext4 mkfs.xfs mkfs.btrfs mkfs.vfat mkfs.fat mkfs.ntfs mkfs.exfat mkfs.f2fs mke2fs mkswap wipefs newfs newfs_hfs zpool pvcreate cryptsetup mdadm :: val ^/dev/(?:[shv]d[a-z]\d+|xvd[a-z]\d+|nvme\d+n\d+p\d+|mmcblk\d+p\d+|disk\d+s\d+|mapper/\S+|md\d+)$ :: line ^(?!.*(?:luksOpen|open|status|luksDump|--detail|--examine|isLuks|luksUUID|import|list)) :: makes a new file system over what is there
destroy.format-any :: medium :: mkfs mke2fs mkswap wipefs newfs parted fdisk gdisk sgdisk sfdisk cfdisk partprobe zpool zfs btrfs pvcreate vgcreate lvcreate lvremove vgremove pvremove cryptsetup mdadm losetup resize2fs tune2fs e2fsck fsck xfs_repair diskutil hdiutil dmsetup blockdev hdparm sgdisk badblocks swapon swapoff ntfsclone partclone fsfreeze mount umount mkfs.ext4 mkfs.xfs mkfs.vfat mkfs.btrfs mkfs.fat mkfs.ntfs :: disks are looked at or changed
destroy.partition :: high :: wipefs sgdisk parted sfdisk hdparm diskutil blkdiscard nvme zpool lvremove vgremove pvremove mdadm :: line (?:(?:^| )(?:-a|--all)\b.*/dev/|--zap-all|(?:^| )-Z\b|mklabel|(?:^| )rm \d|--security-erase|--trim-sector|eraseDisk|eraseVolume|secureErase|zeroDisk|randomDisk|^/dev/\w+$|^format |^destroy |--zero-superblock) :: not \bprint\b|--list|-l\b :: takes a disk or its parts away
destroy.dd :: critical :: dd dcfldd dc3dd ddrescue pv cat tee cp :: val ^(?:of=)/dev/(?:[shv]d[a-z]|xvd[a-z]|nvme\d+n\d+|mmcblk\d+|r?disk\d+|mem|kmem|port)$ :: writes over a whole disk
destroy.dd-part :: high :: dd dcfldd dc3dd :: val ^of=/dev/(?:[shv]d[a-z]\d+|xvd[a-z]\d+|nvme\d+n\d+p\d+|mmcblk\d+p\d+|disk\d+s\d+|mapper/\S+) :: writes over a part of a disk
destroy.dd-read :: high :: dd dcfldd dc3dd :: val ^if=(?:/dev/(?:[shv]d[a-z]\d*|xvd[a-z]|nvme\d+n\d+\S*|mem|kmem|r?disk\d+\S*)|/proc/(?:kcore|\d+/mem|\$.*/mem)|/etc/(?:shadow|sudoers)) :: not of=\S*\.(?:img|iso|bak|gz)\b :: reads a disk or memory past the rights of files
file.dd :: medium :: dd dcfldd dc3dd ddrescue :: copies bytes
destroy.dd-fill :: high :: dd :: line if=/dev/(?:zero|u?random) (?!.*count=)(?!.*of=/dev/null) :: not if=/dev/\w+ of=\S*(?:/dev/null|swap|loop|\.(?:img|iso|bin|dat|txt)) :: fills a disk until nothing fits any more
destroy.shutdown :: high :: shutdown reboot halt poweroff init telinit :: not (?:^| )(?:-c|--help|--show|-k)\b|^[qQ]$ :: stops the machine
destroy.shutdown-now :: high :: systemctl :: sub poweroff reboot halt kexec :: stops the machine
destroy.shutdown-systemd :: medium :: systemctl loginctl :: sub poweroff reboot halt kexec suspend hibernate isolate rescue emergency exit :: stops the machine
destroy.kill-all :: critical :: kill :: line (?:^| )-(?:9|KILL|SIGKILL|s 9|s KILL) (?:-1|-- -1)(?: |$) :: ends everything that runs
destroy.kill-init :: critical :: kill :: line (?:^| )-(?:9|KILL|SIGKILL) 1(?: |$) :: ends the first process of the machine
process.kill :: medium :: kill pkill killall killall5 xkill skill fuser tskill :: ends programs
guard.own :: critical :: warder :: not ^(?:(?:-q|-v|--json|--quiet|--verbose|--no-color|--no-input) )*(?:(?:status|doctor|health|controls|version|help|completion|metrics|stop|request|policy (?:show|check|explain|test)|[a-z]+ (?:list|show)|(?:mcp pins|watch rules) list|audit verify|sandbox (?:explain|test|probe)|scan [a-z]+|config (?:check|explain|path)|watch (?:rules|status|explain|test)|integrity (?:status|verify|diff)|firewall (?:status|plan)|daemon start|snapshot take)(?: |$)|(?:[a-z]+ ){0,3}(?:--help|-h|--version)$|$) :: gives orders to Warder in the name of its owner
guard.own-program :: critical :: node deno bun npx bunx pnpx npm pnpm yarn :: val (?:^|/)warder(?:@[^/\s]*)?(?:/\S*)?(?:\.\w+)?$ :: line warder\S* (?:.* )?(?:resume|recover|approve|answer|add|revoke|reload|init|run|exec|set|unlock|apply|discard|restore|take|release|clear|open|contain|setup|console|pair|emergency|wipe|trust|reset|import|rotate|delete)(?: |$) :: gives orders to Warder in the name of its owner
process.kill-guard :: high :: kill pkill killall :: val (?:^|pgrep(?: -\w+)* |pidof )\^?(?:auditd|r?syslogd?|syslog-ng|falcon\S*|osqueryd?|wazuh\S*|ossec\S*|clamd?|crowdstrike|cbdaemon|sentinel\S*|mdatp|wdavdaemon|falco|sysmon|filebeat|firewalld|apparmor\S*|warderd?|crond?|sshd|systemd)\b :: ends what watches the machine
destroy.process-limit :: medium :: renice ulimit cpulimit :: changes how much a program gets
destroy.truncate :: high :: truncate :: val ^/(?:etc|boot|usr|var/l(?:og|ib)|bin)/ :: empties a file of the system
destroy.chmod-root :: critical :: chmod chown chgrp chattr setfacl :: line -[a-zA-Z]*R\S* .*(?: /|/\*| /(?:etc|usr|bin|sbin|lib|boot|var|home|root|\*))/?(?: |$) :: changes the rights of the whole system
file.open-to-all :: high :: chmod :: val ^0?[0-7]?777$|^[augo]*\+?=?rwx,?.*o\+.*w|^(?:a|o|ugo|)(?:\+|=)rwx$ :: line (?:^| )(?:-[a-zA-Z]*R|--recursive|/(?:etc|usr|bin|var|root|home|lib|opt)) :: opens files to everybody
file.set-id :: high :: chmod install :: val ^(?:-m ?)?(?:[0-7]?[24-7][0-7]{3}|[ug]*[+=][rwxXt]*s\w*)$ :: not (?:^| )(?:[23]7[75][05]|g\+s|2\d\d\d|02\d\d\d)(?: |$) :: lets whoever starts a program have the rights of its owner
file.set-group-id :: medium :: chmod install :: val ^(?:02\d{3}|2\d{3}|g\+s)$ :: lets whoever starts a program have the rights of its group
file.capability :: high :: setcap :: not (?:^| )(?:-r|-v) :: gives a program rights of root
file.capability-any :: medium :: setcap getcap :: looks at or changes the rights of programs
file.run-bit :: medium :: chmod :: makes files runnable, or changes who may use them
file.owner-root :: high :: chown :: line ^(?:-\w+ )*(?:root|0)(?::\w+)? .*(?:/tmp/|\.sh\b|/bin/)|^(?:-\w+ )*\S+ /(?:etc|usr|bin|root)/ :: gives a file to, or takes it from, root
file.unchangeable :: high :: chattr chflags :: line (?:^| )(?:\+|-)[ia](?: |$)|\buchg|schg|hidden :: makes files impossible to change, or undoes that
file.attribute :: medium :: chattr chflags setfattr xattr SetFile setfile :: changes attributes of files
file.quarantine :: high :: xattr spctl :: line (?:-d|-c|-cr|-rd|-dr).*quarantine|(?:^| )-cr?(?: |$)|--(?:master-disable|add|global-disable) :: takes away the mark of what came from elsewhere
# users and rights
access.user :: high :: useradd adduser usermod userdel deluser groupadd groupmod gpasswd addgroup pw dscl dseditgroup sysadminctl newusers chpasswd passwd chage vipw vigr lchage addusers :: line (?:-o\b.*-u ?0|-u ?0\b|--uid[ =]0|(?:^| )(?:-aG|-G|-a -G|--groups)[ =]?(?:\S*,)?(?:root|wheel|sudo|admin|docker|shadow|disk|adm|lxd)\b|(?:^| )-a \w+ (?:sudo|wheel|admin|docker)|sudo$|wheel$| admin$|-g ?0\b|-append /Groups/admin|UniqueID 0|-p \S|--stdin|GroupMembership) :: makes or changes a user who may do anything
access.user-make :: high :: useradd adduser newusers sysadminctl dscl pw :: line ^(?!-D\b|--help)(?:.*(?:-create|-addUser|useradd|-passwd|-p ?'|--password|-o ))|^(?:-M|-N|-r) \S+$ :: makes a user
access.user-new :: high :: useradd newusers :: not ^(?:-D\b|--help|--version) :: makes a user
access.user-change :: medium :: useradd adduser usermod userdel deluser groupadd groupdel groupmod gpasswd delgroup addgroup passwd chage chsh chfn pwconv grpconv pwunconv faillock pam_tally2 pwck lchage realm net samba-tool smbpasswd htpasswd :: changes users or what they may do
access.passwords :: high :: chpasswd :: sets passwords
access.password-set :: high :: passwd :: line --stdin|(?:^| )-[du]\b|root|--delete|--unlock :: changes how somebody logs in
access.sudoers-edit :: high :: visudo ee vim nano sudoedit :: val ^/(?:usr/local/)?etc/(?:sudoers|shadow|passwd|pam\.d|security)\b :: edits who may do what
access.sudo-list :: medium :: sudo :: line ^-\w*l|--list|(?:^| )-[kK]\b :: asks what may be done as root
access.sudo-stdin :: high :: sudo :: opt -S --stdin -A :: gives a password to sudo
access.login-shell :: high :: chsh usermod :: opt -s --shell :: val /(?:tmp|dev/shm|home)/ :: logs somebody in with another program
access.dscl :: medium :: dscl dscacheutil ldapmodify ldapadd ldapdelete kinit klist kadmin kadmin.local ktutil net winbind wbinfo :: asks or changes who is who
access.keytab :: high :: ktutil kadmin.local kinit klist :: line -(?:k|t) |rkt|wkt|keytab|ktadd|getprinc|add_principal :: uses stored keys of a domain
access.security :: high :: security :: sub dump-keychain find-generic-password find-internet-password export unlock-keychain import add-trusted-cert authorizationdb set-key-partition-list delete-keychain dump-trust-settings :: reads or changes stored passwords and trusted certificates
access.certificate :: high :: update-ca-certificates update-ca-trust trust certutil keytool :: line ^(?:extract|anchor|-A\b|-addstore|-import|-importcert|$|-f|--fresh) :: changes whom the machine trusts
# guards of the machine
evade.firewall :: high :: iptables ip6tables nft ufw firewall-cmd pfctl ipfw iptables-restore ebtables arptables firewalld awall shorewall socketfilterfw :: line (?:(?:^| )(?:-F|--flush|-X|-Z)(?: (?:INPUT|OUTPUT|FORWARD))?$|-P (?:INPUT|OUTPUT|FORWARD) ACCEPT|flush ruleset|delete table|^(?:--force )?(?:disable|reset)$|--panic-(?:on|off)|^-d$|(?:^| )-F all|--setglobalstate off|default allow|-D (?:INPUT|OUTPUT)|-j ACCEPT$.*-I|-q flush|from any to any|allow (?:from )?any|--set-default-zone=trusted|logging off|--unblockapp|--remove-\S+=drop) :: takes the firewall down
evade.firewall-any :: medium :: iptables ip6tables nft ufw firewall-cmd pfctl ipfw iptables-save iptables-restore ebtables arptables ipset conntrack fail2ban-client socketfilterfw :: the firewall is looked at or changed
evade.guard :: high :: setenforce aa-disable aa-complain aa-teardown apparmor_parser semodule csrutil spctl SystemAudit nvram bputil :: line ^0$|permissive|(?:^| )-[RrdC]\b|disable|/etc/apparmor|boot-args|clear|--master-disable :: takes a guard of the system down
evade.guard-any :: high :: setenforce :: line ^0$|^Permissive$|permissive :: takes a guard of the system down
evade.guard-settings :: medium :: setsebool semanage restorecon chcon setenforce aa-status aa-enforce aa-complain sestatus getenforce :: settings of a guard of the system
evade.service :: high :: systemctl service rc-service initctl launchctl chkconfig update-rc.d sysrc :: line (?:stop|disable|mask|kill|unload|bootout|remove| off$|_enable=.?NO).*\b(?:auditd?|r?syslogd?|syslog-ng|falcon\S*|osquery\S*|wazuh\S*|ossec\S*|clam\S*|crowdstrike\S*|cbdaemon|carbon\S*|sentinel\S*|mdatp|falco|sysmon|filebeat|firewalld|iptables|ip6tables|nftables|ufw|apparmor|selinux|fail2ban|warder\S*|journald|systemd-journald|cron|aide|tripwire|rkhunter|chkrootkit|sshguard|com\.(?:openssh|apple\.(?:auditd|syslogd|alf|XProtect\S*|MRT\S*)|crowdstrike\S*|carbonblack\S*|objective-see\S*|sophos\S*)\S*)|\b(?:auditd?|r?syslogd?|falcon\S*|firewalld|iptables|ufw|apparmor|crowdstrike\S*|cbdaemon|ossec|clamav\S*)(?:\.service)? (?:stop|disable|off|onestop) :: stops what watches the machine
evade.audit :: high :: auditctl audit :: line (?:^| )(?:-e ?0|-D|-d|-W|--reset-lost|-r ?0|-f ?0|-t|-a (?:never|exit,never)) :: stops the machine from watching
evade.log :: high :: journalctl dmesg log wevtutil lastlog auditctl :: line --vacuum-(?:time|size|files)|--rotate.*vacuum|(?:^| )(?:-c|-C|--clear|--read-clear|erase|cl)(?: |$)|-C -u :: empties the record of what happened
evade.history :: high :: history fc :: line (?:^| )-[cdw]+\b|-p\b.*\S :: changes or empties the record of what was typed
evade.history-read :: medium :: history fc :: reads the record of what was typed
evade.touch :: high :: touch :: line (?:^| )-(?:[acm]{1,3}[tr]|[acm] -[tr]) |(?:^| )(?:-r|--reference)[ =]?/(?:bin|usr|etc|lib|sbin)|/(?:bin|usr|etc|lib|var)/\S*$ :: not ^[^-]*$ :: makes a file look older or newer than it is
evade.touch-time :: medium :: touch :: opt -t -d -r -A --date --reference --time :: makes a file look older or newer than it is
evade.clock-set :: high :: date :: opt -s --set :: not ^\+ :: sets the clock, so that the record tells another time
evade.clock :: medium :: date timedatectl hwclock ntpdate systemsetup :: line (?:^| )(?:-s|--set|set-time|set-ntp (?:0|no|false)|--systohc|--set-date|-setdate|-settime|-setusingnetworktime off)\b :: changes the clock
evade.kernel :: high :: insmod modprobe rmmod kextload kextunload kldload kldunload kexec :: not (?:^| )(?:-n|-c|-l|--show\S*|-D|--dry-run|--help|list|showloaded|status|-V|--version|static-nodes)\b|^$ :: changes what runs in the kernel
evade.kernel-any :: medium :: insmod modprobe kmod rmmod kextload kextunload kextstat kldload kldstat lsmod depmod dkms mokutil efibootmgr grub-install update-grub grub-mkconfig update-initramfs dracut mkinitcpio bootctl kexec nvram bless fwupdmgr flashrom :: looks at or changes how the machine starts
evade.boot :: high :: flashrom bless nvram :: not (?:^| )(?:-v|--verbose|-p|--list\S*|--sb-state|--test-key|-x)(?: |$)|^$|--help :: changes how the machine starts
evade.defaults :: high :: defaults plutil PlistBuddy plistbuddy :: line (?:write|-replace|-insert|Add|Set|-c).*(?:loginwindow|LoginHook|LogoutHook|alf|com\.apple\.(?:LaunchServices|security|screensaver|Terminal|dock|universalaccess|finder.*AppleShowAllFiles)|LSQuarantine|DisableSIP|TALLogoutSavesState|ProgramArguments|LaunchAgents|LaunchDaemons|Hidden|autoLogin|SoftwareUpdate|ARDAgent|DyldInsert|LSEnvironment) :: changes what guards or starts on this machine
evade.defaults-any :: medium :: defaults plutil PlistBuddy plistbuddy gsettings dconf gconftool-2 xfconf-query kwriteconfig5 reg pmset systemsetup scutil networksetup tccutil :: settings are looked at or changed
evade.tcc :: high :: tccutil systemsetup pmset networksetup scutil :: line ^reset|-setremotelogin|-setremoteappleevents|-f on|-setremoteaccess|disablesleep|-set(?:web|secureweb|socksfirewall|autoproxy)\w*|-setdnsservers :: takes a guard of the system down
evade.hidden :: high :: mv cp mkdir touch ln install :: val ^(?:/tmp|/var/tmp|/dev/shm|/usr/\S*|/etc|/lib\S*|/var/lib)/(?:\S*/)?\.(?!\.?/|git|X11|ICE|font|Test|config|cache|local|npm|yarn|env\b|\s*$)\S+|(?:^|/)\.\.\. ?$|^\.\. $ :: hides a file among those of the system
evade.unset-guard :: high :: aide tripwire rkhunter clamscan freshclam mdatp falconctl osqueryctl esets_daemon sav-protect crowdstrike cbcli wazuh-control ossec-control :: line (?:config .*disabled|stop|uninstall|-d\b|--remove|exclusion|disable|--remove-aid) :: takes a guard of the system down
evade.uninstall-guard :: high :: apt apt-get yum dnf rpm dpkg brew pkg zypper pacman snap :: line (?:remove|purge|erase|uninstall|autoremove|(?:^| )-[eRr]\b).*\b(?:auditd?|rsyslog|syslog-ng|falcon-sensor|osquery|wazuh-agent|ossec\S*|clamav\S*|sentinelone|mdatp|falco|sysmonforlinux|filebeat|firewalld|iptables|ufw|apparmor|selinux\S*|fail2ban|aide|tripwire|rkhunter|chkrootkit) :: takes what watches the machine away
# keys
secret.search :: high :: grep rg ag ack egrep fgrep zgrep findstr :: line (?:^|[\s"'|\\(=^-])(?:pass(?:word|wd|phrase)?s?|pwd|secret\w*|api[_-]?keys?|access[_-]?key\w*|private[_ -]?key|credentials?|aws_\w+|token|BEGIN .*PRIVATE KEY|AKIA\w*|authorization)[^ ]* .*(?:(?:^| )/(?:etc|home|var|root|opt|Users)?(?:[/*]|\s|$)|~|\$HOME|\.conf\b|\.bash_history|history|/proc|\.env) :: looks for passwords and keys
secret.search-tree :: high :: grep rg ag ack egrep :: line (?:^| )-[a-zA-Z]*[rR]\S* .*(?:pass(?:word|wd|phrase)|secret|api[_-]?key|private[_ -]?key|credential|BEGIN\b.*KEY|AKIA)|(?:pass(?:word|wd)|secret|api[_-]?key|private[_ -]?key|BEGIN\b.*KEY).* -[a-zA-Z]*[rR] :: looks for passwords and keys
secret.find :: high :: find locate fd mdfind :: line (?:(?:Chrome|chromium|Firefox|firefox|Safari|BraveSoftware)\b.*(?:Bookmarks|History|Login|Cookies)|places\.sqlite|Bookmarks\.plist|id_(?:rsa|dsa|ecdsa|ed25519|\*)|\*\.(?:pem|p12|pfx|pgp|gpg|asc|ppk|kdbx?|keytab|jks|keychain(?:-db)?|ovpn|rdp|key)\b|\.ssh\b|credentials?\b|\.aws|shadow|authorized_keys|\.netrc|\.git-credentials|wallet|[*"'/]?(?:password|passwd|secret)s?[*."']|\.bash_history|_history|\.kube|azureProfile|accessTokens|logins\.json|key[34]\.db|Cookies|cookies\.sqlite|Login Data|\.htpasswd|unattend|krb5cc|tdata|\.gnupg) :: not (?:-not|!) |-prune|-perm|^\. |^\./ :: looks for passwords and keys
secret.find-here :: medium :: find :: line ^\.?/?\S* .*(?:id_rsa|\*\.pem|\.env\b|credentials|password) :: looks for passwords and keys
secret.find-set-id :: medium :: find :: line -perm [-/+]?(?:u=s|g=s|[-/+]?[0-7]*[2467]000) :: looks for programs that give rights away
secret.capability-search :: medium :: getcap :: opt -r :: looks for programs that give rights away
secret.keychain :: high :: secret-tool keyring kwallet-query seahorse gnome-keyring-daemon hashdump unshadow mimipenguin lazagne chainbreaker keychaindump unshadow :: reads stored passwords or breaks them
secret.gpg-export :: high :: gpg gpgconf :: opt --export-secret-keys --export-secret-subkeys --export-secret-key :: takes a private key out of its store
secret.openssl-key :: medium :: openssl ssh-keygen gpg age :: looks at or makes keys
secret.shadow :: high :: unshadow getent :: line shadow :: reads the password hashes
secret.browser :: high :: sqlite3 :: val (?:Cookies|Login Data|cookies\.sqlite|logins\.json|key4\.db|places\.sqlite|TCC\.db|QuarantineEvents|moz_cookies|chat\.db|NotesStore|ZNOTE) :: reads what a browser or a person keeps
secret.proc :: high :: cat strings grep head less xxd od dd tr :: val ^/proc/(?:\d+|\*|self|\$\w+|1)/(?:environ|mem|maps\b.*mem|cmdline\b.*pass) :: reads the environment or memory of a program
secret.env :: medium :: env printenv export set declare compgen :: bare :: prints the environment with what is kept in it
secret.clipboard :: high :: pbpaste xclip xsel wl-paste :: line ^(?:$|.*(?:-o\b|--output|-selection))|^-b$ :: reads what was copied
secret.screen :: high :: screencapture xwd import fbcat :: line (?:^| )-(?:x|root|window root)\b|window root|^$|^[^-]*$ :: takes a picture of the screen
secret.screen-any :: medium :: screencapture xwd import scrot gnome-screenshot flameshot maim grim spectacle fbcat peekaboo :: takes a picture of the screen
secret.keys :: high :: xinput logkeys uberkey xspy keylogger pam_tty_audit evtest :: line ^(?:test\b|test-xi2|--test|-s\b|--start|/dev/input) :: records what is typed
secret.microphone :: high :: arecord parecord fswebcam streamer imagesnap :: line ^(?!.*(?:--list|-l\b|-L\b)).*(?:-f cd|-q|-d\b.*\.wav) :: records what is said or seen
secret.microphone-any :: medium :: arecord sox rec parecord fswebcam streamer v4l2-ctl imagesnap :: records what is said or seen
secret.prompt :: high :: osascript zenity kdialog dialog whiptail :: line (?:hidden answer|--password\b|passwordbox|passw).* :: asks whoever is there for a password
secret.osascript :: high :: osascript :: line (?:do (?:shell )?script|with administrator privileges|System Events.*(?:login item|keystroke)|hidden answer|the clipboard|-l JavaScript|display dialog.*passw|open location) :: a script rules the desktop or runs commands
secret.osascript-any :: medium :: osascript automator shortcuts :: a script rules the desktop
secret.ps-env :: high :: ps :: line (?:^| )(?:\w*e\w*ww\w*|eww\w*|auxe\w*|axe\w*)(?: |$) :: shows the environment of programs
secret.mimikatz :: high :: procdump gcore :: copies the memory of a program
destroy.encrypt :: high :: gpg openssl ccencrypt ccrypt 7z 7za zip rar age :: line (?:--batch.*--passphrase|--passphrase \S+.*(?:-c|--symmetric)|^(?:pkeyutl|rsautl|enc) .*-e(?:ncrypt)?\b.*(?:/home|~|/root|/var|/etc|/tmp)|(?:^| )-(?:hp?|p|P) ?\S+ .*(?:/home|~|/root|/var|/etc)\b) :: makes files unreadable with a key or password of its own
destroy.encrypt-any :: medium :: ccencrypt ccrypt ccdecrypt mcrypt bcrypt scrypt age rage gocryptfs encfs ecryptfs-migrate-home veracrypt cryptsetup :: makes files unreadable without a key
destroy.erase :: high :: shred srm wipe sdelete :: not (?:^| )(?:--help|--version)\b :: erases files beyond recovery
# money and noise
abuse.miner :: high :: xmrig minerd cpuminer cgminer bfgminer ethminer t-rex nbminer phoenixminer lolminer srbminer nanominer :: makes money for somebody
abuse.miner-url :: critical :: curl wget bash sh nohup :: line stratum\+(?:tcp|ssl):|(?:xmrig|minergate|nanopool|supportxmr|minexmr|moneroocean) :: makes money for somebody
abuse.load :: high :: stress stress-ng :: uses up the machine
abuse.load-yes :: medium :: stress stress-ng sysbench fio bonnie++ memtester :: uses the machine as much as it can
`)
