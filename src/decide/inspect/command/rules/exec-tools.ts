import { table } from '../table.ts'

/** Options by which archivers, editors, pagers, filters and viewers run something else; from their manuals. */
export const EXEC_TOOLS = table(String.raw`
# find and its like: what they run is rated as it is
exec.find :: medium :: find :: opt -exec -execdir -ok -okdir :: runs words :: find runs a command for what it finds
exec.find-delete-all :: critical :: find :: line ^(?:-[HLP] )*(?:/|~|/\*|/home|/etc|/usr|/var|\$HOME)(?: -(?:type \w|depth|xdev|mount|maxdepth \d+|f|d|mindepth \d+))* (?:-delete|-exec(?:dir)? (?:/bin/)?rm )(?!.*-i?name) :: find removes everything under a whole file system or home
exec.find-delete-wide :: high :: find :: line ^(?:-[HLP] )*/ .*(?:-delete|-exec(?:dir)? (?:/bin/)?rm ) :: not -i?(?:name|regex|path|wholename)\b :: find removes files all over the system
exec.find-writes :: medium :: find :: opt -fprint -fprintf -fls -fprint0 :: find writes what it prints to a file
exec.find-delete :: medium :: find :: val ^-delete$ :: find removes what it finds
exec.fd :: medium :: fd :: opt -x -X --exec --exec-batch :: runs words :: fd runs a command for what it finds
exec.rg-pre :: high :: rg ripgrep ugrep :: opt --pre --hostname-bin --filter --view :: runs program :: the searcher runs a program on each file
exec.fzf :: high :: fzf sk :: opt --preview --bind --execute :: safe ^(?:cat|bat|head|ls|tree|less|[\w-]+:(?!execute|reload|become|transform|preview\()) :: val ^(?:.*?(?:execute|become|reload|execute-silent|transform)[(:])?([^)]*) :: runs shell :: the finder runs a command
# archivers
exec.tar-checkpoint :: high :: tar bsdtar star :: opt --checkpoint-action :: val ^(?:exec=)(.*) :: runs shell :: tar runs a command at a checkpoint
exec.tar-command :: high :: tar bsdtar :: opt --to-command :: runs shell :: tar pipes what it unpacks into a command
exec.tar-compress :: high :: tar bsdtar :: opt -I --use-compress-program :: safe ^(?:/usr/bin/)?(?:gzip|pigz|bzip2|pbzip2|lbzip2|xz|pxz|pixz|lzma|lzip|plzip|lzop|zstd|zstdmt|lz4|brotli|compress)(?: -[\w=-]+)*$ :: runs shell :: tar runs a program to compress
exec.tar-script :: high :: tar :: opt -F --info-script --new-volume-script --rsh-command --rmt-command :: runs shell :: tar runs a program
exec.star :: high :: star :: line \bcompress-program=|\bexec= :: star runs a program
exec.zip-test :: high :: zip :: opt -TT --unzip-command :: runs shell :: zip runs a command to test what it packed
exec.rar :: high :: rar unrar 7z 7za :: opt -ilog -sfx :: the archiver puts a program into what it packs
exec.cpio :: high :: cpio :: opt --rsh-command :: runs program :: cpio runs a program
exec.ar-write :: medium :: ar cpio tar unzip 7z 7za 7zr zip rar unrar zipnote zipsplit lha arj jar bsdtar gzip gunzip bzip2 xz zstd ditto hdiutil unsquashfs mksquashfs genisoimage mkisofs xorriso :: archives are packed or unpacked
exec.archive-secret :: high :: tar zip 7z cpio rar gpg openssl zipcloak :: line (?:^|[\s/])\.(?:ssh|gnupg|aws|kube|mozilla|password-store|config/(?:gcloud|google-chrome))(?:/?(?:\s|$)|/\*) :: packs a directory of keys
exec.zip-encrypted :: medium :: zip 7z rar :: opt -P -p -e -hp --password :: packs with a password so that nobody can look in
# editors
exec.vim-command :: high :: vim :: opt -c --cmd :: safe ^[:]?(?:q|qa|wq|x|w|set\s[\w= ]+|\d+|/.*|normal.*|syntax \w+|colorscheme \w+|e(?:dit)? \S+|tabnew.*|vs.*|sp.*|PlugInstall.*|PlugUpdate.*|PackerSync|Lazy.*|noh|bufdo.*|argdo.*|%s.*|help.*)$ :: val ^:?((?:!|(?:sh(?:ell)?|ter(?:minal)?|py\w*|lua\w*|ruby?\w*|perl?\w*|tcl|mz\w*|call|exe(?:cute)?|source|so|set?\s+(?:shell|makeprg)|r\s*!|w\s*!|read\s*!|silent\s*!|make|grep|au(?:tocmd)?)).*) :: runs vim :: the editor runs a command at its start
exec.vim-plus :: high :: vim :: val ^\+:?((?:!|(?:sh(?:ell)?|ter(?:minal)?|py\w*|lua\w*|ruby?\w*|perl?\w*|call|exe(?:cute)?|source|r\s*!|w\s*!)\b).*) :: runs vim :: the editor runs a command at its start
exec.vim-script :: high :: vim :: opt -S -s -u --startuptime :: safe ^(?:NONE|NORC|DEFAULTS)$ :: the editor runs a script of its own
exec.vim-plain :: medium :: vim nano emacs ed pico micro hx helix kak joe jed ne mcedit mg code subl gedit :: an editor can change files and start other programs
exec.emacs :: high :: emacs :: opt --eval -eval -e --execute :: runs lisp :: the editor runs code at its start
exec.emacs-load :: high :: emacs :: opt -l --load --script -Q-load :: the editor runs a file of code
exec.emacs-batch :: high :: emacs :: opt -f --funcall :: val shell|term|eshell|call-process|dired :: the editor calls a function that runs programs
exec.nano-speller :: high :: nano pico :: opt -s --speller :: runs program :: the editor runs a program to check spelling
exec.joe :: high :: joe jmacs jstar jpico rjoe :: opt -exec -pipein :: the editor runs a command
exec.ed-restricted :: medium :: red sensible-editor editor select-editor :: an editor can start other programs
# pagers and readers
exec.man-pager :: high :: man apropos :: opt -P --pager :: safe ^(?:cat|less|more|most|head|bat|col)\b[^;|&$]*$ :: runs shell :: man runs a program as its pager
exec.man-browser :: high :: man :: opt -H --html -X --gxditview -T --troff-device --preprocessor -p --roff :: val ^(?!utf8|ascii|ps|pdf|dvi|html$|latin1|[eprtgv]+$).+ :: runs shell :: man runs a program to show the page
exec.man-config :: high :: man :: opt -C --config-file :: man reads a configuration that names programs
exec.less-start :: high :: less more most :: val ^\+.*!(.*) :: runs shell :: the pager runs a command at its start
exec.less-log :: medium :: less :: opt -o -O --log-file :: the pager writes a file
exec.less-key :: high :: less :: opt --lesskey-src --lesskey-content -k --lesskey-file :: the pager reads keys that may run commands
exec.bat-pager :: high :: bat delta :: opt --pager --paging-command :: safe ^(?:less|more|most|never|cat|always|auto|builtin)\b[^;|&$]*$ :: runs shell :: it runs a program as its pager
exec.info :: high :: info pinfo :: opt --restore :: info runs stored keys
exec.dialog :: medium :: dialog whiptail zenity kdialog yad :: shows a dialog to whoever is there
exec.lesspipe :: medium :: lesspipe lessopen run-mailcap see edit compose sensible-pager pager w3m links elinks lynx :: opens a file with whatever is set up for it
exec.mailcap :: high :: run-mailcap see edit compose :: opt --action -a :: val ^(?:edit|compose|view|print|.*!) :: runs the program that is set up for this kind of file
exec.lynx :: high :: lynx :: opt -editor -cfg -lss --editor :: runs program :: the browser runs a program as its editor
exec.browser-pager :: high :: w3m elinks links :: opt -config -o :: val (?:editor|extbrowser|pager|auth|download_).*= :: the browser is told to run a program
# filters
exec.sed-exec :: high :: sed ssed :: val (?:^(?:--expression=|-[nrEsuz]*e)?|[;{}\n])\s*(?:\d+|\$|/(?:[^/\\]|\\.)*/I?)?(?:,\s*(?:\d+|\$|/(?:[^/\\]|\\.)*/I?))?\s*!?\s*e(?:$|\s+([^;}\n]+)) :: runs shell :: sed runs what it reads, or a command
exec.sed-exec-flag :: high :: sed ssed :: val (?:^(?:--expression=|-[nrEsuz]*e?)?|[;{}\n])\s*(?:\d+|\$|\d+~\d+|/(?:[^/\\]|\\.)*/I?)?(?:,\s*[+~]?(?:\d+|\$|/(?:[^/\\]|\\.)*/I?))?\s*!?\s*s([^\n\\])(?:\\.|(?!\1)[^\\])*\1(?:\\.|(?!\1)[^\\])*\1[gIipMm\d]*e[gIipMmw\d]*\s*(?:$|[;}\n#]) :: sed runs the result of a replacement
exec.sed-write :: medium :: sed ssed :: val (?:^|[;}/\s\d$])[wW]\s*(?:/|\w)|/[gIpm\d]*w\s*\S :: sed writes to a file
exec.sed-file :: medium :: sed ssed :: opt -f --file :: sed runs a script that was not looked at
exec.sed-in-place :: medium :: sed perl ruby awk :: opt -i --in-place :: changes files where they are
exec.awk-file :: medium :: awk :: opt -f --file -i --include -l --load -E --exec :: awk runs a program that was not looked at
exec.awk-library :: high :: awk :: opt -l --load :: awk loads a native library
exec.sort-compress :: high :: sort :: opt --compress-program --compress-prog :: safe ^(?:gzip|bzip2|xz|zstd|lz4|lzop|pigz)$ :: runs program :: sort runs a program to compress
exec.sort-output :: medium :: sort uniq shuf tsort csplit split column :: opt -o --output :: writes a file
exec.split-filter :: high :: split :: opt --filter :: safe ^(?:gzip|bzip2|xz|zstd|lz4|pigz)(?: -\d)? *> *\$?\{?\w+(?:\.\w+)?\}?(?:\.\w+)*$ :: runs shell :: split pipes each piece into a command
exec.split :: medium :: split csplit truncate shred install patch :: writes files
exec.xargs-shell :: high :: xargs :: line \b(?:ba|da|z|k)?sh (?:-\w+ )*-c (?:\{\}|%|"?\$[@0*1]"?(?:\s|$)) :: runs whatever comes in as commands
exec.xargs-input :: medium :: xargs parallel :: opt -a --arg-file :: reads what to run from a file
exec.parallel :: high :: parallel rush :: opt -S --sshlogin :: runs it on other machines
exec.parallel-bare :: medium :: parallel sem rush env_parallel :: runs commands side by side
exec.tee-process :: medium :: tee sponge :: writes what passes to files
exec.diff-program :: high :: diff sdiff diff3 vimdiff :: opt --diff-program :: runs program :: runs another program to compare
exec.grep-decompress :: high :: zgrep zrun :: opt --decompress :: runs program :: runs a program to unpack
exec.jq-module :: medium :: jq gojq jaq :: opt -f -L --from-file :: jq runs a program that was not looked at
exec.jq-env :: high :: jq gojq jaq :: val (?:^|[^.\w$])(?:\$ENV|env)\s*(?:$|\||\)|,) :: jq prints the whole environment
exec.yq-load :: medium :: yq :: opt -i --inplace :: changes a file
exec.m4 :: high :: m4 :: line syscmd|esyscmd :: m4 runs a command
exec.m4-plain :: medium :: m4 dc bc units eqn pic troff groff nroff soelim tbl :: a macro processor runs what it is given
exec.dc :: high :: dc bc :: opt -e --expression :: val !(?![<>=])(.+) :: runs shell :: the calculator runs a command
exec.groff :: high :: groff troff pic nroff :: opt -U :: lets pages run commands
exec.tex :: high :: pdflatex latex xelatex lualatex tex pdftex luatex etex latexmk texi2dvi dvips arara :: line shell-escape|write18|\\(?:openin|openout|input)\b[^|]{0,20}\||immediate.*write|\\directlua|os\.execute|-R0 :: lets the document run commands
exec.latexmk :: high :: latexmk :: opt -e -r -latex -pdflatex :: latexmk runs a command
exec.tex-plain :: medium :: pdflatex latex xelatex lualatex tex pdftex latexmk texi2dvi pandoc asciidoctor sphinx-build mkdocs doxygen hugo jekyll :: documents are made, which can run more
exec.pandoc :: high :: pandoc :: opt -F --filter -L --lua-filter --pdf-engine :: safe ^(?:pandoc-[\w-]+|pdflatex|xelatex|lualatex|tectonic|wkhtmltopdf|weasyprint|prince|context|typst|pdfroff|latexmk)$ :: runs program :: pandoc runs a filter
exec.aspell :: high :: aspell ispell hunspell spell :: opt -c --conf --add-filter-path --data-dir -F :: a speller starts an editor or loads what it is told
exec.highlight :: high :: highlight source-highlight pygmentize :: opt --plug-in --config-file --lang-def -x :: runs or loads a file of code
exec.code-plain :: medium :: highlight source-highlight pygmentize enscript a2ps lp lpr cancel lpadmin cupsctl cupsfilter :: prints or formats files
exec.gs :: high :: gs ghostscript ps2pdf :: line %pipe%|-dNOSAFER|-dDELAYSAFER|system|\(r\) file :: a page description runs commands or opens files
exec.imagemagick :: high :: convert magick identify mogrify montage display compare composite animate import :: val ^(?:msl|mvg|ephemeral|text|label:@|ps|pdf|epdf|url|https?|show|win|plt|x):|\|\s*\w|^(?:msl|inline): :: an image program reads or runs what is no image
exec.imagemagick-plain :: medium :: convert magick mogrify montage composite ffmpeg sox gs inkscape gimp :: makes files
exec.ffmpeg :: medium :: ffmpeg ffplay vlc mpv mplayer cvlc :: line \b(?:concat|subfile|file|pipe|crypto|tee):|--lua|--script|--intf|-protocol_whitelist|-lavfi.*movie :: plays or copies from places a file names
exec.vlc-script :: high :: mpv vlc mplayer cvlc :: opt --script --scripts --lua-intf --extraintf -input :: runs a script
exec.gimp :: high :: gimp :: opt -b --batch :: val system|exec|os\.|python|plug-in :: the image program runs code
exec.gimp-batch :: high :: gimp :: opt -b --batch --batch-interpreter :: the image program runs code
exec.gnuplot :: high :: gnuplot :: opt -e :: val \bsystem\b|!|\bpopen\b|< |\bload\b :: the plotter runs a command
exec.xdotool :: medium :: xdotool ydotool wtype dotool :: types and clicks in the place of whoever is there
exec.xdotool-exec :: high :: xdotool :: sub exec behave :: runs another program
exec.xterm :: medium :: xterm uxterm lxterm konsole gnome-terminal xfce4-terminal alacritty kitty terminator tilix urxvt rxvt st foot wezterm terminology mate-terminal :: opt -e -x --command -c -- --execute start :: runs words :: a terminal runs a command
exec.xterm-bare :: medium :: xterm uxterm lxterm urxvt rxvt st konsole gnome-terminal alacritty kitty :: bare :: opens a terminal with a shell
exec.desktop :: medium :: xdg-open open gio gvfs-open kde-open exo-open gtk-launch dex start cmd explorer rundll32 mshta :: opens a file with whatever is set up for it
exec.hotkeys :: medium :: xbindkeys sxhkd actkbd triggerhappy :: runs commands at key presses
exec.ginsh :: high :: ginsh genie gtester ispell psad :: line !|-c|--exec :: runs a command
exec.sqlmap :: high :: sqlmap commix msfconsole msfvenom metasploit setoolkit beef-xss crackmapexec nxc evil-winrm impacket-psexec impacket-wmiexec psexec.py wmiexec.py smbexec.py secretsdump.py mimikatz mimipenguin lazagne ldapdomaindump bloodhound bloodhound-python kerbrute smbmap goawsconsolespray trufflehog dnschef impacket-secretsdump getnpusers.py getuserspns.py linpeas linpeas.sh autosuid.sh linux-exploit-suggester.sh pacu prowler scoutsuite stratus winpeas linenum.sh pspy pspy64 ligolo sliver empire pwncat hydra medusa ncrack responder merlin xmrig minerd cpuminer t-rex :: a program made for breaking in
exec.awk-network :: high :: awk :: line /inet[46]?/(?:tcp|udp)/ :: awk opens a network connection
`)
