import { table } from '../table.ts'

/** How services, system tools, backups and clusters are told to run something else; from their manuals. */
export const EXEC_SERVICE = table(String.raw`
# servers and daemons: dnsmasq(8), smartd(8), mdadm(8), rotatelogs(8), stunnel(8), uwsgi, postgres(1), redis-server(1), mysqlslap(1)
exec.daemon-hook :: high :: dnsmasq smartd mdadm apcupsd mysqlslap transmission-daemon conmon icecast zed :: opt --dhcp-script -6 --dhcp-luascript --conf-script --warnexec --program --alert --pre-system --post-system --script-torrent-done-filename --exit-command :: runs shell :: a service runs a command it is told to
exec.smartd-warn :: high :: smartd update-smart-drivedb :: opt -w -s :: safe ^/(?:etc|usr)/ :: runs program :: smartd runs a program when a disk fails
exec.rotatelogs :: high :: rotatelogs :: opt -p :: runs program :: a program is run for each file of the log
exec.stunnel :: high :: stunnel stunnel3 stunnel4 :: opt -l -L :: val ^(?!\d)\S :: runs program :: what comes over the network goes to a program
exec.daemon-shell :: high :: dnsmasq smartd mdadm rotatelogs stunnel stunnel3 stunnel4 postmulti fetchmail procmail mysqlslap :: val ^(?:\S*/)?(?:ba|da|z|k)?sh$ :: a service is given a shell
exec.uwsgi :: high :: uwsgi :: opt --exec-asap --exec-pre-jail --exec-post-jail --exec-in-jail --exec-as-root --exec-as-user --exec-pre-app --exec-post-app --attach-daemon --smart-attach-daemon --cron --unique-cron --hook-asap --hook-pre-app :: runs shell :: the server runs a command
exec.server-module :: high :: nginx httpd apache2 apache2ctl apachectl postgres postmaster redis-server mysqld mariadbd slapd named php-fpm lighttpd proftpd :: val (?:load_module|LoadModule|LoadFile|shared_preload_libraries|local_preload_libraries|session_preload_libraries|archive_command|restore_command|ssl_passphrase_command|plugin-load\S*|init-file|init_connect|loadmodule|jit_provider)[ =]|CustomLog\s+["']?\||^--(?:loadmodule|plugin-load(?:-add)?|init-file)$ :: the server loads code or runs a command
exec.pg-ctl :: high :: pg_ctl :: opt -p -o --options :: val /tmp|/dev/shm|_command|preload :: the server is started from another program or with options that run one
exec.php-setting :: high :: php php-cgi php-fpm phpdbg :: opt -d --define :: val ^(?:(?:zend_)?extension|auto_(?:prepend|append)_file|allow_url_include|sendmail_path|ffi\.\w+|disable_functions|open_basedir|include_path|extension_dir|user_ini\.\w+)= :: safe ^(?:zend_)?extension=\w+(?:\.so)?$|^(?:zend_)?extension=/usr/|^(?:disable_functions|open_basedir|auto_\w+)=$ :: php loads code it is told to
# system: systemctl(1), coredumpctl(1), perf(1), valgrind(1), debugfs(8), virsh(1), login(1), picocom(1), xargs(1), gpg(1)
exec.remote-host :: high :: systemctl hostnamectl loginctl timedatectl localectl journalctl busctl machinectl systemd-run systemd-analyze systemd-cgls systemd-mount :: opt -H --host --ssh :: val [;|&$\x60(<> ] :: a command stands in the name of a host
exec.core-debugger :: high :: coredumpctl systemd-coredump gcore apport-unpack apport-retrace crash :: opt --debugger --debugger-arguments -A :: safe ^(?:gdb|lldb)$ :: runs program :: the debugger for a crash is another program or runs a command
exec.perf-script :: high :: perf :: opt -s --script --objdump --addr2line -g --gen-script :: sub script report annotate :: runs program :: perf runs a script or a program
exec.valgrind-tool :: high :: valgrind :: val ^--tool=.*[/.] :: valgrind runs a program as its tool
exec.debugfs :: high :: debugfs guestfish virt-rescue xfs_db zdb :: opt -R -f -c :: val ^!|^(?:sh|lcd|shell)\b|/tmp/ :: the file system debugger runs a command
exec.guest :: high :: virsh virt-customize virt-edit virt-builder virt-sysprep guestfish virt-rescue qemu-nbd qm pct prlctl vmrun VBoxManage vboxmanage :: line \b(?:qemu-agent-command|qemu-monitor-command|guestcontrol|runProgramInGuest|runScriptInGuest|guest-exec)\b|--(?:run-command|firstboot(?:-command)?|run)\b|(?:^|\s)exec\s|(?:^| )-e ?\S :: runs a command in a machine, or code over its files
exec.login-force :: high :: login :: opt -f :: logs somebody in without a password
exec.serial-command :: high :: picocom tio cu minicom gtkterm :: opt --send-cmd --receive-cmd -s -v --script -e --exec :: val ^(?!sz|rz|ascii-xfr)\S*(?:sh\b|/|\s) :: runs shell :: the terminal runs a command to send or receive
exec.xargs-tty :: high :: xargs :: line (?:^| )(?:-[a-zA-Z]*o|--open-tty)(?= |$).*(?:^|[\s/])(?:ba|da|z|k)?sh(?: -[ip])?$ :: opens a shell on the terminal
exec.xargs-placeholder :: high :: xargs :: line -I ?(\S+) .*\b(?:ba|da|z|k)?sh (?:-\w+ )*-c \1(?: |$) :: runs whatever comes in as commands
exec.gpg-program :: high :: gpg gpgsm gpg-agent gpgconf dirmngr :: opt --agent-program --dirmngr-program --pinentry-program --exec-path --photo-viewer --keyboxd-program :: safe ^/usr/(?:local/)?(?:lib/gnupg2?/|s?bin/)?(?:pinentry|gpg-agent|dirmngr|keyboxd)[\w-]*$ :: runs program :: gpg runs another program as its helper
exec.gpg-connect :: high :: gpg-connect-agent :: val ^(?:!|/run|/exec|/subst|/bye.*sh)|SCD KILL|GET_PASSPHRASE :: runs a script or asks for passphrases
exec.ppp :: high :: pppd chat wvdial :: opt connect disconnect pty init welcome plugin :: runs shell :: the dialler runs a command
exec.dhcp-script :: high :: dhclient udhcpc dhcpcd wpa_cli hostapd_cli ifup ifdown ifplugd netplugd :: opt -sf -s -c -a --script --interfaces -i -r :: val ^(?!/etc/|/usr/|/sbin/|/run/)\S*/ :: the network is set up by a script it is told to run
exec.iptables-modprobe :: high :: iptables ip6tables iptables-restore ip6tables-restore iptables-save ebtables arptables iptables-apply ipset :: opt --modprobe -M -c --command :: val / :: safe ^/s?bin/modprobe$ :: runs program :: the firewall runs a program
exec.sftp-server :: high :: sftp sshfs scp :: opt -D -s -o :: val ^(?:sftp_server=)?(?:/(?!usr/lib)\S*|\./\S*)$ :: runs another program as the server of files
exec.lftp-shell :: high :: lftp ncftp :: opt -c -e -f :: val ^\s*(?:shell|local|source|!)\s*(.*) :: runs shell :: the client runs a command
exec.cluster-shell :: high :: cssh csftp crsh ctel ccon mussh pdsh clush rshall taktuk :: opt -a --action -c -e --evaluate -R :: val sh\b|[;|&\x60]|^exec$|\$\( :: runs shell :: runs a command on many machines, or here
exec.batch-wrap :: high :: sbatch qsub bsub srun condor_run at :: opt --wrap -b --prolog --epilog --task-prolog -E :: val sh\b|[;|&\x60/] :: runs shell :: hands a command to a scheduler
# backup: borg, restic, rclone, unison(1), rdiff-backup(1), duplicity(1), dar(1), rsync(1)
exec.backup-command :: high :: borg restic rdiff-backup unison duplicity dar bup zbackup attic tarsnap rsnapshot kopia :: opt --rsh --remote-path --remote-schema -sshcmd -servercmd -diff -merge -editor -rshcmd --ssh-options --rsync-options -E -~ -F --execute --stdin-from-command --ssh-command :: val sh\b|[;|&\x60$]|^[./~]|ProxyCommand|-e\b :: the backup runs a command
exec.backup-option :: high :: restic rclone duplicity borg :: val (?:sftp\.command|rclone\.program|sftp\.args)=|(?:^|,)ssh=|ssh-external=|(?:[\w-]+-)?command= :: the backup runs a command to connect
# clusters and plans: kubectl, kustomize, helm(1), terraform
exec.post-render :: high :: helm kustomize kubectl kpt ytt helmfile :: line --post-renderer|--enable-exec\b|--enable-alpha-plugins|--exec-command|--network-name .*--enable :: what is sent to a cluster goes through a program
exec.cluster-node :: high :: kubectl oc :: sub debug :: line \bnode/ :: opens a shell on a machine of the cluster
exec.wrap-privileged :: high :: ctr crictl runc crun lxc-execute nspawn :: line --privileged|src=/,|(?:^| )(?:-b|--bundle)[ =]?/tmp :: a container with less of a border around it
`)
