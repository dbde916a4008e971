import { table } from '../table.ts'

/** How system tools, debuggers, clients and databases run something else; from their manuals. */
export const EXEC_SYSTEM = table(String.raw`
# shells and what stands in for them
shell.start-file :: high :: bash sh zsh ksh dash :: opt --rcfile --init-file --startup-file :: safe ^(?:/dev/null|/etc/bash\.bashrc|~?/?\.bashrc)$ :: the shell reads a file of its own first
shell.privileged :: high :: bash sh zsh ksh dash ash fish csh tcsh yash posh :: line ^-[a-z]*p[a-z]*(?: |$) :: not ^-[a-z]*c :: the shell keeps the rights it was started with
exec.su-shell :: high :: su runuser sudo doas :: opt -s --shell :: val ^(?!-)(?:/|\S*sh$) :: becomes another user with a shell of its own
exec.sudoedit :: high :: sudo sudoedit :: opt -e --edit :: val ^/etc/(?:sudoers|shadow|passwd|pam)|--|^-- :: edits who may do what
exec.sudo-options :: high :: sudo :: opt -R --chroot -r --role --preserve-env :: val ^(?:.*(?:LD_|PYTHONPATH|PATH).*|/tmp.*|/dev/shm.*)$ :: becomes root with an environment of its own
# loaders, tracers, debuggers
exec.loader :: high :: ld ld.so ld-linux ld-linux-x86-64 ld-musl-x86_64 :: opt --preload --library-path --audit :: the loader loads a library it is told to
exec.loader-run :: high :: ld ld-linux ld-linux-x86-64 ld-musl-x86_64 :: val ^/?\S*(?:sh|bash|python\S*|perl)$ :: starts a program past what looks at names
exec.ldconfig :: high :: ldconfig :: opt -f -C -r :: changes where libraries are loaded from
exec.ldd :: medium :: ldd chrpath prelink :: val ^(?:/tmp|/dev/shm|\./) :: may run the program it looks at
exec.gdb :: high :: gdb lldb rust-gdb cgdb pwndbg :: opt -ex -eval-command --eval-command -iex -o --one-line -O :: val ^\s*(?:!|(?:shell|python|py|pi|guile|gu|call|print|p|source|pipe|make|platform shell|script|command script|target|expr\w*|eval|system)\b).* :: runs gdb :: the debugger runs a command
exec.gdb-file :: high :: gdb lldb :: opt -x -ix --command -s -S --source :: the debugger runs a file of commands
exec.gdb-attach :: high :: gdb lldb strace ltrace gcore frida frida-trace reptyr py-spy perf pyrasite dlltool injectso linux-inject :: opt -p --pid -attach -n --attach-name :: val ^\d+$|^\$|^\w :: takes hold of another running program
exec.gdb-plain :: medium :: gdb lldb rust-gdb cgdb pdb jdb strace ltrace valgrind perf bpftrace stap gcore dtrace dtruss opensnoop radare2 r2 rizin objection frida :: looks into running programs
exec.gdb-bare :: high :: gdb lldb :: bare :: the debugger takes commands from whoever types
exec.r2 :: high :: radare2 r2 rizin :: opt -c -i :: val ^!|#! :: the debugger runs a command
exec.memory :: high :: gcore procdump memdump lime avml mimipenguin :: copies the memory of a program
exec.bpf :: high :: bpftrace stap systemtap bpftool :: opt -e --unsafe -c :: runs code in the kernel
exec.valgrind :: high :: valgrind :: opt --db-command --db-attach :: runs program :: runs a debugger
exec.strace-file :: medium :: strace ltrace :: opt -o --output :: writes what it sees to a file
exec.pidstat :: high :: pidstat sar perf :: opt -e :: val ^(?:/|\w*sh$) :: runs words :: runs a command
# starting later or elsewhere
persist.at :: high :: at batch :: opt -f -t :: lets something run later
persist.at-input :: high :: at batch :: not (?:^| )-(?:[lcrdV]|-help) :: lets something run later
persist.at-remove :: medium :: at atrm atq :: opt -r -d -l -c :: looks at or removes what was to run later
persist.crontab-file :: high :: crontab :: line ^(?:-u \S+ )?(?!-[lrTuVi]*(?: |$)|-$)[^-\s]\S*$ :: sets what runs at set times
persist.crontab-input :: high :: crontab :: line ^(?:-u \S+ )?-$ :: sets what runs at set times
persist.crontab-edit :: medium :: crontab :: opt -e -l :: looks at or edits what runs at set times
persist.crontab-remove :: high :: crontab :: opt -r :: removes all that runs at set times
persist.systemd-unit :: high :: systemctl :: sub enable link reenable add-wants :: val ^(?:/|\$|\.)|\.timer$|^--force$ :: makes the system start something by itself
persist.systemd-enable :: medium :: systemctl service update-rc.d chkconfig rc-update launchctl initctl insserv sysrc rc-service :: what the system starts is looked at or changed
persist.systemd-edit :: high :: systemctl :: sub edit set-environment import-environment :: changes how the system starts something
persist.systemd-bare :: high :: systemctl :: bare :: opens a pager, which can run commands
persist.systemd-run :: high :: systemd-run :: not (?:^| )(?:--user|--scope|--help|--version)\b :: lets the system start it, outside of what holds this program
persist.launchd :: high :: launchctl :: sub load bootstrap submit enable kickstart setenv :: makes the system start something by itself
persist.update-rc :: high :: update-rc.d chkconfig rc-update insserv sysrc :: line (?:defaults|enable| on$|add|_enable=.?YES|--add|--level) :: makes the system start something by itself
persist.service-script :: high :: service rc-service invoke-rc.d initctl :: val \.\./|^/ :: runs a file as if it were a service
persist.run-parts :: high :: run-parts :: opt --new-session :: safe ^$ :: runs every file of a directory
persist.run-parts-any :: high :: run-parts :: not ^--(?:test|list) :: runs every file of a directory
persist.logrotate :: high :: logrotate :: opt -l --log -m --mail -s :: val ^(?!/var/)(.+) :: runs program :: logrotate runs a program or writes where it is told
persist.logrotate-config :: medium :: logrotate anacron fcron dcron cronie :: runs what its configuration says
persist.start-stop :: high :: start-stop-daemon :: opt -x --exec -a --startas :: safe ^/usr/s?bin/(?!\w*sh$|env|python|perl)[\w-]+$ :: runs words :: starts a program as a service
exec.script :: high :: script scriptreplay asciinema termrec ttyrec rec :: opt -c --command :: runs shell :: records a shell
exec.script-bare :: high :: script ttyrec :: not (?:^| )(?:-c|--command|-p|--help|--version) :: opens a shell and records it
exec.screen :: high :: screen tmux byobu zellij abduco dtach dvtm :: val ^(?:/|\S*/)?(?:ba|da|z|k|c|tc|fi|a)?sh$ :: runs words :: starts a shell in another terminal
exec.screen-bare :: high :: screen tmux byobu zellij dvtm :: bare :: not (?:^| )-(?:ls|list|V|v|h|r|x|d|D|R|wipe|-version|-help)\b :: opens a shell in another terminal
exec.tmux-command :: high :: tmux :: sub new new-session neww new-window splitw split-window respawn-pane respawn-window popup display-popup run run-shell if if-shell pipep pipe-pane :: val ^(?!new|neww|new-session|new-window|splitw|split-window|-|run|run-shell|popup|if|if-shell|pipe)(?=.*[\s/]|.*sh$)(.+) :: runs shell :: tmux runs a command
exec.tmux-keys :: high :: tmux screen zellij :: sub send send-keys stuff :: types into another terminal
exec.tmux-stuff :: high :: screen tmux :: line (?:-X (?:stuff|exec)|send-keys) :: types into another terminal
exec.tmux-config :: high :: tmux screen :: opt -f -c :: val ^(?:/tmp|/dev/shm|\$|/|\S*sh\b) :: runs what its configuration says
exec.tmux-attach :: medium :: tmux screen dtach abduco zellij byobu mosh-server tmate upterm :: another terminal is opened or joined
exec.watch-exec :: medium :: inotifywait incrontab fswatch watchman nodemon entr guard chokidar :: waits for changes and runs something
exec.socket :: high :: systemd-socket-activate inetd xinetd tcpserver tcpsvd udpsvd ipsvd micro-inetd ucspi-tcp websocketd shellinabox shellinaboxd ttyd gotty wetty gdbserver lldb-server :: gives a program to whoever connects
exec.openvt :: high :: openvt getty mingetty cu :: opens a terminal for somebody to log in
exec.agetty :: high :: agetty getty mingetty :: opt -l --login-program -o --login-options :: runs another program to log people in
exec.openvt-any :: medium :: chvt agetty login minicom picocom :: opens a terminal for somebody to log in
exec.dbus :: high :: dbus-send busctl gdbus qdbus :: line (?:systemd1.*(?:StartTransientUnit|StartUnit|EnableUnitFiles)|Accounts.*(?:CreateUser|SetPassword)|login1.*(?:PowerOff|Reboot)|PolicyKit|packagekit|ExecStart|unixexec:) :: asks a service of the system to do it
exec.dbus-plain :: medium :: dbus-send busctl gdbus qdbus dbus-monitor loginctl machinectl portablectl :: talks to services of the system
exec.machinectl :: high :: machinectl :: sub shell :: opens a shell in a machine
exec.namespace :: high :: ip :: sub netns.exec netns vrf.exec vrf :: val ^(?:/|\S*/)?(?:ba|da|z|k)?sh$ :: opens a shell in another network
exec.netns :: medium :: ip :: sub netns.exec vrf.exec :: runs something in another network
exec.ip-batch :: high :: ip tc bridge :: opt -force -batch -b :: reads what to do from a file
exec.unshare :: high :: unshare bwrap :: line (?:-[a-zA-Z]*r[a-zA-Z]* |--map-root-user|-U\b).*(?:mount|chroot|sh\b) :: becomes root in a box of its own
exec.capsh :: high :: capsh :: opt --gid --uid --user --shell --chroot --secbits --keep --addamb -- :: runs a shell with other rights
exec.capsh-exec :: high :: capsh :: line (?:^| )--(?: |$) :: opens a shell with other rights
exec.setarch :: high :: setarch linux32 linux64 i386 x86_64 uname26 :: opt -R --addr-no-randomize -X --read-implies-exec :: takes protection of memory away from a program
exec.hping :: high :: hping3 nping scapy yersinia :: val ^--?(?:listen|exec|sign|c2) :: sends packets of its own making
exec.torify :: medium :: torsocks torify proxychains proxychains4 tor :: hides where it comes from
exec.wireshark :: high :: tshark wireshark dumpcap :: opt -X --lua :: val lua_script|ext_ :: runs a script
exec.tcpdump :: high :: tcpdump :: opt -z --postrotate-command :: safe ^(?:gzip|bzip2|xz|zstd|pigz)$ :: runs program :: runs a program after each file
exec.sysctl-hook :: high :: sysctl :: line kernel\.(?:core_pattern|modprobe|hotplug|poweroff_cmd)=\S :: makes the kernel run a program
exec.sysctl-write :: high :: sysctl :: line (?:kernel\.(?:randomize_va_space|kptr_restrict|dmesg_restrict|yama\S*|unprivileged\S*|sysrq|modules_disabled|kexec\S*)|fs\.(?:suid_dumpable|protected_\S+)|net\.ipv4\.ip_forward|net\.ipv6\.conf\.\S*forwarding) ?= ?\d :: takes a protection of the kernel away
exec.sysctl-set :: medium :: sysctl :: line =|-w|-p|--system|--load :: changes settings of the kernel
exec.dmsetup :: high :: dmsetup :: line --exec :: runs a command for each device
exec.dosbox :: high :: dosbox qemu qemu-system-x86_64 qemu-user wine wine64 box86 box64 dosemu :: line (?:^| )(?:-c |-monitor|-chardev|system|mount [a-z] /) :: runs programs for another machine
exec.machine :: medium :: qemu qemu-system-x86_64 qemu-img virsh VBoxManage vboxmanage virt-install vagrant multipass lima limactl wine firecracker lxc lxd incus xl prlctl vmrun utm tart :: runs or changes machines
exec.virsh :: high :: virsh virt-install vboxmanage :: sub define create edit qemu-monitor-command guestcontrol attach-disk :: lets a machine reach into this one
exec.vagrant :: high :: vagrant multipass limactl :: sub ssh shell :: opt -c --command :: runs shell :: runs a command in a machine
exec.ansible :: high :: ansible :: opt -a --args -m --module-name :: val \b(?:ba|da|z)?sh\b|/bin/|rm |curl |wget |^(?:shell|command|raw|script)$ :: runs a command through ansible
exec.ansible-plain :: medium :: ansible ansible-playbook ansible-console ansible-pull ansible-test salt salt-call salt-ssh puppet chef chef-client chef-solo cf-agent mco fab capistrano rundeck nomad consul :: runs what a plan says, here or elsewhere
exec.ansible-shell :: high :: ansible-test ansible-console puppet salt-call chef-shell chef :: sub shell apply cmd.run exec :: opt -e --execute :: runs commands
exec.ansible-shell-sub :: high :: ansible-test ansible-console salt-call puppet salt salt-ssh :: line (?:^| )(?:shell|cmd\.(?:run|shell|exec_code)|apply -e|resource)\b :: runs commands
exec.ansible-temporary :: high :: ansible-playbook ansible puppet salt-call cf-agent :: val ^(?:/tmp|/dev/shm|/var/tmp|\$) :: runs a plan from where everybody can write
exec.pam :: high :: pam_exec pamtester :: runs what the log-in is set up to run
exec.multitool :: high :: enscript rtorrent :: line execute|-o execute :: runs a command
exec.run-mail :: high :: mail mailx mutt neomutt alpine pine heirloom-mailx s-nail nmh sendmail exim exim4 postfix :: val ^(?:!.*|~!.*|~\|.*|.*\$\{run\{.*)$ :: the mailer runs a command
exec.mail-option :: high :: mail mailx mutt neomutt exim exim4 sendmail s-nail :: line --exec=|-be .*run|-e ?.*(?:!|shell|source|system|my_hdr.*\|)|-ps\b|-F /tmp|-C ?/tmp|-oQ|-X ?/ :: the mailer runs a command or reads its own configuration
exec.mail :: medium :: mail mailx mutt neomutt sendmail exim exim4 msmtp swaks alpine s-nail ssmtp thunderbird :: sends or reads mail
exec.finger :: medium :: finger write wall talk :: talks to people
exec.xdg :: medium :: xset xrandr xinput xprop xwd import scrot screencapture gnome-screenshot xsel xclip pbcopy pbpaste wl-copy wl-paste arecord fswebcam streamer v4l2-ctl maim flameshot spectacle grim peekaboo :: sees or hears what people do here
exec.multi :: high :: zypper tasksh task :: sub shell exec :: opens a shell
exec.scriptable :: medium :: mono fontforge inkscape blender godot unity ganache :: runs programs or scripts of others
exec.script-option :: high :: fontforge blender inkscape libreoffice soffice godot scribus freecad openscad octave-cli calc xsltproc saxon xmlstarlet :: opt -c --command --python --python-expr -P --actions --shell --macro macro --script -s -lang -script :: runs code given in the command
exec.vim-like :: medium :: visudo vipw vigr crontab-e sudoedit edquota :: edits who may do what
exec.edquota :: high :: visudo vipw vigr edquota :: not (?:^| )(?:-c|-f|-s|-V|--help)\b :: opens an editor over the settings of users
`)
