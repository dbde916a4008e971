import { table } from '../table.ts'

/** How mailers, readers, editors and programs of the desktop are told to run something else; from their manuals. */
export const EXEC_DESKTOP = table(String.raw`
# mail: fetchmail(1), mutt(1), mailx(1), msmtp(1), procmail(1), newsboat(1), kermit(1)
exec.fetchmail :: high :: fetchmail getmail mbsync isync offlineimap mpop :: opt --plugin --plugout -m --mda --preconnect --postconnect :: runs shell :: fetching mail runs a command
exec.password-command :: high :: msmtp mbsync isync restic rclone vdirsyncer borg himalaya aerc kopia duplicacy chezmoi :: opt --passwordeval --password-command --passcommand --password-cmd :: safe ^(?:/usr/bin/)?(?:pass|gopass|secret-tool|security|op|bw|cat|gpg|rbw|lpass)\s[^;|&$\x60]*$ :: runs shell :: runs a command to get a password
exec.mail-set :: high :: mutt neomutt mail mailx s-nail heirloom-mailx :: opt -e -S -E -Y -: :: val ^:?\s*(?:set\s+)?(?:editor|visual|sendmail|mta|pager|shell|print_command|pipe_\w+|display_filter|query_command|new_mail_command|EDITOR|VISUAL|PAGER|SHELL|LISTER)=["']?([^"']+) :: safe ^:?\s*(?:set\s+)?\w+=["']?(?:vim?|nano|less|more|cat|emacs|/usr/sbin/sendmail|msmtp|smtps?://.*)["']?$ :: runs shell :: the mailer is told which programs to run
exec.chat-client :: high :: weechat weechat-headless weechat-curses irssi finch :: opt -r --run-command -c --connect :: val ^/(?:exec|script|python|perl|ruby|lua|tcl|guile|javascript|trigger)\b :: the chat client runs a command or code
exec.kermit :: high :: kermit ckermit gkermit :: opt -C -y :: val (?:^|[,{])\s*(?:!|run\s|shell\b|push\b)(.*) :: runs shell :: kermit runs a command
exec.news-execute :: high :: newsboat podboat snownews slrn tin calcurse khal todoman :: opt -x --execute -C --config-file -D --directory :: val ^!|/tmp/|/dev/shm/ :: the reader runs a command or its own settings
# the desktop: feh(1), xclock(1), rofi(1), i3-msg(1), xbindkeys(1), zathura(1), kitty(1)
exec.desktop-action :: high :: feh sxiv nsxiv xclock urclock xload rofi zathura xdvi dunst conky tint2 xautolock xss-lock swayidle slock xidlehook redshift autorandr udiskie devmon :: opt --action -A --info -mailspawn -run-command -run-shell-command -window-command -ssh-command -terminal -x --synctex-editor-command -editor -locker -notifier --on-detect :: val ^;?(.+) :: safe ^(?:;?\[\w+\].*|i3lock.*|slock.*|swaylock.*|xterm|kitty|alacritty|gnome-terminal|notify-send .*|vim?|\d+|;?[\w-]+(?: -{1,2}[\w-]+)* ['\"]?%[fFun]['\"]?)$ :: runs shell :: a program of the desktop runs a command
exec.rofi-modi :: high :: rofi :: opt -modi -modes -show :: val (?:^|,)\w+:([^,]+) :: runs shell :: rofi runs a command for its list
exec.window-manager :: medium :: i3-msg swaymsg hyprctl herbstclient bspc awesome-client wmctrl qtile leftwm-command :: val ^(?:\[[^\]]*\]\s*)?(?:exec|spawn|dispatch exec|rule)\b(?:\s+--[\w-]+)*\s*(.*) :: runs shell :: the window manager runs a command
exec.window-manager-shell :: high :: i3-msg swaymsg hyprctl herbstclient awesome-client xdotool dbus-launch :: line \b(?:exec|spawn|os\.execute|io\.popen)\b.*(?:^|[\s/'"(])(?:ba|da|z|k)?sh\b :: the window manager starts a shell
exec.terminal-operand :: high :: kitty foot xdg-terminal-exec wezterm xinit startx ghostty contour rio xdm :: val ^(?:/\S*/)?(?:ba|da|z|k|fi)?sh$ :: a terminal is opened with a shell
exec.terminal-other :: medium :: x-terminal-emulator lxterminal qterminal mlterm sakura guake eterm termite cool-retro-term deepin-terminal io.elementary.terminal pterm hyper tabby ptyxis kgx urxvtc aterm zutty :: opt -e -x --command -c -- --execute :: runs words :: a terminal runs a command
exec.urxvt-perl :: high :: urxvt urxvtd rxvt urxvtc :: opt --eval -pe --perl-ext --perl-lib --perl-eval -perl-lib :: the terminal loads or runs perl code
exec.office-macro :: high :: libreoffice soffice localc lowriter loimpress loffice ooffice scalc swriter :: val ^(?:macro:|vnd\.sun\.star\.script) :: the office runs a macro
exec.sox :: high :: sox play rec soxi :: val ^\|(.+) :: runs shell :: the player reads from a command
exec.player-hook :: high :: mpv vlc mplayer cvlc ffplay streamlink yt-dlp youtube-dl gallery-dl spotdl :: opt --exec --exec-before-download --netrc-cmd --downloader --external-downloader --player --ytdl_hook-ytdl_path --script-opts --use-postprocessor :: val ^(?!.*=\w*$|\w+:)(.+) :: safe ^(?:(?:https?:|dash,m3u8:)?(?:aria2c|ffmpeg|axel|curl|wget|httpie|native)|mpv|vlc|(?:after_move:)?(?:mv|echo|cp|ls)\b[^;|&$\x60]*|\w+)$ :: runs shell :: it runs a command
exec.player-path :: high :: mpv :: line ytdl_path=(?!yt-dlp\b|youtube-dl\b) :: the player runs another program to fetch
# editors and file managers: kak(1), mg(1), ne(1), mc(1), nnn(1), vifm(1), ranger(1), lf(1)
exec.kakoune :: high :: kak hx helix :: opt -e -E -f :: val %sh|\bterminal\b|\|\s*\w|\$\s*\w :: the editor runs a command
exec.editor-function :: high :: mg jove zile jed :: opt -f -u -e :: val shell|suspend|pipe|system|compile|^/tmp :: the editor runs a command
exec.vim-remote :: high :: vim :: opt --remote-expr --remote-send -l --server-eval :: val system|!|term|job|libcall|luaeval|py\w*eval|execute|\.lua$ :: the editor runs a command or a script
exec.file-manager :: high :: ranger vifm lf nnn mc midnight-commander fff joshuto yazi ranger-fm :: opt --cmd -c -command -e -P -u --choosefile-cmd :: val ^:?(?:!|shell\b|exec\b|push !|sh$|&|\$)(.*) :: the file manager runs a command
exec.tig :: high :: tig lazygit gitui :: val ^\+?[:!]!(.+) :: runs shell :: the browser of commits runs a command
`)
