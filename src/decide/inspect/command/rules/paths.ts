import type { RiskLevel } from '../../../../core/risk.ts'

/** Kinds of places, by what is lost when the wrong hands read or change them. */
export type PathClass =
  | 'credential'
  | 'access'
  | 'startup'
  | 'guard'
  | 'history'
  | 'mail'
  | 'log'
  | 'disk'
  | 'memory'
  | 'kernel'
  | 'control'
  | 'program'
  | 'settings'
  | 'root'
  | 'home'
  | 'temporary'

export interface PathRule {
  readonly class: PathClass
  /** Tried on the plain spelling, every home written `~`. */
  readonly match: RegExp
  readonly read: RiskLevel
  readonly write: RiskLevel
  readonly what: string
}

const place = (
  kind: PathClass,
  what: string,
  match: RegExp,
  read: RiskLevel,
  write: RiskLevel,
): PathRule => ({ class: kind, what, match, read, write })

/** The first that fits counts. */
export const PATHS: readonly PathRule[] = [
  place(
    'memory',
    'the memory of programs or of the machine',
    /^\/(?:dev\/k?mem|dev\/port|proc\/kcore|proc\/[^/]+\/(?:mem|auxv))$/,
    'high',
    'critical',
  ),
  place(
    'credential',
    'the environment of a program, with what it was given to keep',
    /^\/proc\/[^/]+\/environ$/,
    'high',
    'high',
  ),
  place(
    'access',
    'the password hashes',
    /^\/etc\/(?:g?shadow-?|master\.passwd|spwd\.db|security\/(?:opasswd|passwd))$/,
    'high',
    'critical',
  ),
  place(
    'access',
    'who may become another user',
    /^\/(?:usr\/local\/)?etc\/(?:sudoers(?:\.d(?:\/.*)?)?|doas\.conf|polkit-1\/.*)$/,
    'high',
    'critical',
  ),
  place('access', 'the list of users', /^\/etc\/(?:passwd|group)-?$/, 'low', 'critical'),
  place(
    'access',
    'how users are let in',
    /^\/(?:usr\/local\/)?etc\/(?:pam\.(?:d(?:\/.*)?|conf)|security\/[^/]+|nsswitch\.conf|hosts\.(?:equiv|allow|deny))$/,
    'low',
    'critical',
  ),
  place(
    'access',
    'libraries put into every program',
    /^\/etc\/ld\.so\.(?:preload|conf(?:\.d\/.*)?)$/,
    'low',
    'critical',
  ),
  place(
    'access',
    'who may log in with a key',
    /(?:^|\/)\.(?:ssh\/(?:authorized_keys2?|rc|environment)|rhosts|shosts)$/,
    'medium',
    'high',
  ),
  place(
    'access',
    'how the machine is logged in to',
    /^\/etc\/ssh\/sshd_config(?:\.d(?:\/.*)?)?$/,
    'low',
    'high',
  ),
  place(
    'credential',
    'private keys for logging in',
    /(?:^|\/)\.ssh\/(?!.*\.pub$)(?:id_[^/]*|identity|[^/]*\.(?:pem|key)|[^/]*[*?][^/]*)$/,
    'high',
    'high',
  ),
  place('credential', 'keys for logging in', /(?:^|\/)\.ssh$/, 'medium', 'high'),
  place('access', 'how this user logs in elsewhere', /(?:^|\/)\.ssh\/config$/, 'low', 'high'),
  place(
    'credential',
    'private keys of the machine',
    /^\/etc\/(?:ssh\/ssh_host_[^/]*_key|ssl\/private(?:\/.*)?|pki\/[^.]*\/private(?:\/.*)?|krb5\.keytab|ipsec\.secrets|wireguard(?:\/.*)?|ppp\/(?:chap|pap)-secrets|NetworkManager\/system-connections(?:\/.*)?|letsencrypt\/(?:archive|live)(?:\/.*)?|openvpn\/[^.]*\.key|wpa_supplicant\/wpa_supplicant\.conf|kubernetes\/(?:admin|kubelet)\.conf|kubernetes\/pki(?:\/.*)?|rancher\/k3s\/k3s\.yaml|vault(?:\.d)?\/.*token.*)$/,
    'high',
    'high',
  ),
  place(
    'credential',
    'keys of a cloud account',
    /(?:^|\/)\.(?:aws(?:\/(?:credentials|config|sso\/.*|cli\/cache.*))?|azure(?:\/.*)?|oci\/(?:config|.*\.pem)|s3cfg|boto|config\/gcloud(?:\/.*)?|config\/doctl\/.*|config\/rclone\/rclone\.conf|config\/hcloud\/.*|terraformrc|terraform\.d\/credentials.*|fly\/config\.yml|linode-cli)$/,
    'high',
    'high',
  ),
  place(
    'credential',
    'keys of a cluster or a registry',
    /(?:^|\/)\.(?:kube\/config|docker\/config\.json|dockercfg|config\/helm\/.*|vault-token|nomad-token)$|^\/(?:var\/)?run\/secrets\/.+/,
    'high',
    'high',
  ),
  place(
    'credential',
    'passwords and tokens of services',
    /(?:^|\/)(?:\.netrc|\.authinfo(?:\.gpg)?|\.git-credentials|\.pgpass|\.my\.cnf|\.mylogin\.cnf|\.pypirc|\.npmrc|\.yarnrc|\.cargo\/credentials(?:\.toml)?|\.gem\/credentials|\.config\/(?:gh|hub|glab-cli)(?:\/.*)?|\.composer\/auth\.json|\.m2\/settings\.xml|\.gradle\/gradle\.properties|\.htpasswd|\.smbcredentials|\.config\/op(?:\/.*)?|\.codex\/auth\.json|\.claude\/\.credentials\.json|wp-config\.php|\.pgpass\.conf|\.msmtprc|\.fetchmailrc|tomcat-users\.xml|unattend\.xml|web\.config)$/,
    'high',
    'high',
  ),
  place('startup', 'what a shell runs when it enters the directory', /(?:^|\/)\.envrc$/i, 'high', 'high'),
  place(
    'credential',
    'a file of secrets',
    /(?:^|\/)(?:\.env(?:\.(?!example$|sample$|template$|dist$)[\w.-]+)?|\.envrc|secrets?\.(?:ya?ml|json|env|txt|toml)|credentials(?:\.(?:json|csv|txt|xml|ya?ml|db))?|passwords?\.(?:txt|csv|kdbx|xlsx?|docx?|json)|[^/]*\.kdbx|id_(?:rsa|dsa|ecdsa|ed25519)|[^/]*\.keytab|ntds\.dit)$/i,
    'high',
    'medium',
  ),
  place(
    'credential',
    'keys and stored passwords of this user',
    /(?:^|\/)(?:\.gnupg(?:\/.*)?|\.password-store(?:\/.*)?|\.local\/share\/(?:keyrings|kwalletd)(?:\/.*)?|Library\/Keychains(?:\/.*)?|Library\/Application Support\/com\.apple\.TCC(?:\/.*)?|\.pki(?:\/.*)?|\.electrum(?:\/.*)?|\.bitcoin(?:\/.*)?|\.ethereum(?:\/.*)?|wallet\.dat)$|^\/Library\/Keychains(?:\/.*)?$|^\/var\/db\/dslocal\/nodes\/Default\/users(?:\/.*)?$/,
    'high',
    'high',
  ),
  place(
    'credential',
    'what the browser keeps',
    /(?:^|\/)(?:logins\.json|key[34]\.db|signons\.sqlite|cookies\.sqlite|Cookies(?:\.binarycookies)?|Login Data(?: For Account)?|Web Data|formhistory\.sqlite|places\.sqlite)$|(?:^|\/)(?:\.mozilla(?:\/firefox)?|\.config\/(?:google-chrome|chromium|BraveSoftware)|Library\/(?:Cookies|Safari|Application Support\/(?:Google\/Chrome|Firefox)))(?:\/.*)?$/,
    'high',
    'high',
  ),
  place(
    'guard',
    'what guards agents on this machine',
    /(?:^|\/)(?:\.claude\/(?:settings(?:\.local)?\.json|hooks(?:\/.*)?)|\.claude\.json|\.codex\/(?:config\.toml|hooks?(?:\.json|\/.*))|\.cursor\/(?:hooks\.json|hooks\/.*|mcp\.json|permissions\.json)|\.gemini\/settings\.json|\.config\/warder(?:\/.*)?|\.local\/(?:share|state)\/warder(?:\/.*)?|\.warder(?:\/.*)?)$/,
    'low',
    'high',
  ),
  place(
    'history',
    'the record of what was typed',
    /(?:^|\/)\.(?:bash|zsh|sh|ash|ksh|fish|python|psql|mysql|node_repl|rediscli|sqlite|irb|php|viminfo|lesshst)_?(?:history|hist|sessions)(?:-journal)?$|(?:^|\/)\.(?:history|zsh_sessions|histfile|viminfo|lesshst|local\/share\/fish\/fish_history)$/,
    'high',
    'high',
  ),
  place(
    'startup',
    'what runs when somebody logs in',
    /^\/etc\/(?:profile(?:\.d(?:\/.*)?)?|bash(?:\.bashrc|rc|_completion\.d(?:\/.*)?)|bashrc|zsh(?:\/.*|rc|env|profile|login)|csh\.(?:cshrc|login)|environment(?:\.d(?:\/.*)?)?|fish(?:\/.*)?|skel\/.*|X11\/(?:xinit|Xsession\.d)(?:\/.*)?|xdg\/autostart(?:\/.*)?|update-motd\.d(?:\/.*)?|inputrc|motd)$/,
    'low',
    'high',
  ),
  place(
    'startup',
    'what runs when this user opens a shell or logs in',
    /(?:^|\/)\.(?:bashrc|bash_(?:profile|login|logout|aliases)|profile|zshrc|zshenv|zprofile|zlogin|zlogout|kshrc|mkshrc|cshrc|tcshrc|login|logout|shrc|shinit|envrc|xinitrc|xsession(?:rc)?|xprofile|xserverrc|inputrc|vimrc|exrc|nanorc|emacs|gdbinit|pythonrc(?:\.py)?|config\/(?:fish(?:\/.*)?|autostart(?:\/.*)?|systemd\/user(?:\/.*)?|environment\.d(?:\/.*)?|nvim\/init\.(?:vim|lua)|upstart(?:\/.*)?)|local\/share\/(?:systemd\/user(?:\/.*)?|dbus-1\/services(?:\/.*)?)|vim\/(?:plugin|autoload)\/.*|emacs\.d\/.*|oh-my-zsh\/.*|hushlogin|init\/.*)$/,
    'low',
    'high',
  ),
  place(
    'startup',
    'what runs at set times',
    /^\/(?:etc\/(?:cron(?:tab|\.[\w-]+(?:\/.*)?)|anacrontab|at\.(?:allow|deny))|(?:usr\/lib|var|private\/var)\/(?:spool\/(?:cron|anacron)|cron|at)(?:\/.*)?|var\/spool\/(?:at|atjobs)(?:\/.*)?)$|^\/(?:usr\/local\/)?etc\/periodic(?:\/.*)?$/,
    'low',
    'high',
  ),
  place(
    'startup',
    'what runs when the machine starts',
    /^\/(?:etc\/(?:systemd\/(?:system|user|system-generators)(?:\/.*)?|rc\.(?:local|common|conf(?:\.d)?|d)(?:\/.*)?|rc[0-6S]?\.d(?:\/.*)?|init(?:\.d|tab)?(?:\/.*)?|udev\/rules\.d(?:\/.*)?|modules(?:-load\.d(?:\/.*)?)?|modprobe\.d(?:\/.*)?|launchd\.conf|emond\.d(?:\/.*)?|grub\.d(?:\/.*)?|default\/grub|fstab|inetd\.conf|xinetd\.d(?:\/.*)?|dbus-1(?:\/.*)?|NetworkManager\/dispatcher\.d(?:\/.*)?|network\/if-[\w-]+\.d(?:\/.*)?|dhcp\/.*hooks.*|apt\/apt\.conf(?:\.d(?:\/.*)?)?|yum(?:\.conf|\/.*)|dnf\/.*|logrotate\.(?:conf|d(?:\/.*)?)|kernel\/.*|initramfs-tools\/.*)|(?:usr\/)?lib\/(?:systemd(?:\/.*)?|udev\/rules\.d(?:\/.*)?|modules-load\.d(?:\/.*)?)|run\/systemd(?:\/.*)?|(?:System\/)?Library\/(?:LaunchAgents|LaunchDaemons|StartupItems)(?:\/.*)?|usr\/local\/etc\/rc\.d(?:\/.*)?|usr\/share\/dbus-1(?:\/.*)?|var\/at\/tabs(?:\/.*)?|Library\/(?:Security\/SecurityAgentPlugins|Application Support\/com\.apple\.TCC|Extensions|QuickLook)(?:\/.*)?)$|(?:^|\/)Library\/(?:LaunchAgents|Preferences\/(?:ByHost\/)?com\.apple\.(?:loginwindow|loginitems)[^/]*)(?:\/.*)?$/,
    'low',
    'high',
  ),
  place(
    'startup',
    'what every start of an interpreter runs',
    /(?:^|\/)(?:(?:site|dist)-packages\/[^/]*\.pth|(?:site|user)customize\.py|\.pythonrc(?:\.py)?|\.irbrc|\.pryrc|\.Rprofile|\.luarc|\.perldb|\.node_repl_init)$/,
    'low',
    'high',
  ),
  place(
    'startup',
    'what git, an editor or another agent runs by itself',
    /(?:^|\/)\.git\/(?:hooks(?:\/.*)?|config(?:\.worktree)?|commondir|info\/attributes|(?:modules|worktrees)\/.+\/(?:config(?:\.worktree)?|hooks(?:\/.*)?|commondir|gitdir))$|(?:^|\/)\.(?:husky\/.*|githooks\/.*|pre-commit-config\.ya?ml|hg\/hgrc)$|(?:^|\/)\.(?:mcp\.json|vscode\/(?:tasks|launch|settings|mcp)\.json|idea\/(?:runConfigurations|tools)\/.*|zed\/(?:tasks|settings|debug)\.json|cursor\/.*|gemini\/.*|agents\/.*|github\/hooks\/.*|devcontainer(?:\/.*|\.json)|kiro\/.*|roo\/.*|windsurf\/.*|qwen\/.*|opencode\/.*)$|(?:^|\/)opencode\.jsonc?$/i,
    'low',
    'high',
  ),
  place(
    'startup',
    'what git does for this user',
    /(?:^|\/)(?:\.gitconfig|\.config\/git\/config)$|^\/etc\/gitconfig$/,
    'low',
    'high',
  ),
  place(
    'mail',
    'what somebody wrote to somebody',
    /^\/var\/(?:spool\/)?mail(?:\/.*)?$|(?:^|\/)(?:Library\/(?:Mail|Messages)|Maildir|mbox|\.thunderbird|\.local\/share\/evolution)(?:\/.*)?$/,
    'medium',
    'high',
  ),
  place(
    'log',
    'the record of what happened',
    /^\/(?:var\/(?:log|run\/utmp|adm|audit|db\/diagnostics)|Library\/Logs)(?:\/.*)?$|^\/(?:run\/utmp|etc\/(?:r?syslog(?:-ng)?\.(?:conf|d)|audit)(?:\/.*)?)$|^~\/Library\/Logs(?:\/.*)?$/,
    'low',
    'high',
  ),
  place(
    'disk',
    'a whole disk',
    /^\/dev\/(?:r?disk\d+|[shv]d[a-z]{1,2}|xvd[a-z]|nvme\d+n\d+|mmcblk\d+|pmem\d+|md\d+)$/,
    'high',
    'critical',
  ),
  place(
    'disk',
    'a part of a disk',
    /^\/dev\/(?:r?disk\d+s\d+|[shv]d[a-z]{1,2}\d+|xvd[a-z]\d+|nvme\d+n\d+p\d+|mmcblk\d+p\d+|md\d+p\d+|mapper\/.+|dm-\d+|disk\/by-.+)$/,
    'high',
    'high',
  ),
  place(
    'kernel',
    'a switch that stops the machine or opens it',
    /^\/proc\/(?:sysrq-trigger|sys\/kernel\/(?:core_pattern|modprobe|hotplug|sysrq|randomize_va_space|kptr_restrict|yama\/.*|dmesg_restrict|unprivileged_.*)|sys\/fs\/binfmt_misc\/.*|self\/(?:exe|fd\/.*)|[^/]+\/root(?:\/.*)?|[^/]+\/(?:oom_score_adj|coredump_filter|uid_map|gid_map))$|release_agent$|^\/sys\/(?:kernel\/(?:debug|security|uevent_helper)|firmware|fs\/cgroup)(?:\/.*)?$/,
    'low',
    'high',
  ),
  place('kernel', 'settings of the kernel', /^\/(?:proc\/sys|sys)(?:\/.*)?$/, 'low', 'medium'),
  place(
    'control',
    'the socket that rules all containers',
    /^\/(?:var\/)?run\/(?:docker|containerd\/containerd|crio\/crio|podman\/podman)\.sock$/,
    'high',
    'high',
  ),
  place(
    'program',
    'programs and libraries of the system',
    /^\/(?:usr\/)?(?:s?bin|lib(?:32|64|exec)?|boot)(?:\/.*)?$|^\/(?:System|Library\/Frameworks)(?:\/.*)?$|^\/usr\/local\/s?bin\/(?:sudo|ssh|bash|sh|ls|ps|login|su)$/,
    'low',
    'high',
  ),
  place('settings', 'settings of the system', /^\/etc(?:\/.*)?$/, 'low', 'high'),
  place('root', 'the whole file system', /^\/\*?$/, 'low', 'critical'),
  place('home', 'a whole home directory', /^~(?:\/\*|\/)?$|^\/(?:home|Users|root)(?:\/\*)?$/, 'low', 'high'),
  place(
    'temporary',
    'a directory everybody can write to',
    /^\/(?:tmp|var\/tmp|dev\/shm)(?:\/.*)?$/,
    'low',
    'medium',
  ),
]

/** What wildcards are tried on. */
export const WELL_KNOWN: readonly string[] = [
  '/etc/shadow',
  '/etc/gshadow',
  '/etc/sudoers',
  '/etc/passwd',
  '/etc/ld.so.preload',
  '~/.ssh/id_rsa',
  '~/.ssh/id_ed25519',
  '~/.aws/credentials',
  '~/.kube/config',
  '~/.netrc',
  '~/.git-credentials',
  '~/.bashrc',
  '~/.bash_history',
  '/etc/crontab',
  '/dev/sda',
]
