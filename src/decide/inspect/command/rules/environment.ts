import type { Rule } from '../rule.ts'

/** A variable that makes programs load or run what it names. */
export interface Hijack extends Pick<Rule, 'id' | 'risk' | 'note' | 'safe' | 'runs'> {
  readonly name: RegExp
  /** Only for these programs, where the variable means nothing to others. */
  readonly of?: string
}

const PAGERS =
  /^(?:$|cat\b|less\b[^!|;&$`]*$|more$|most$|bat\b[^!|;&$`]*$|delta$|head\b[^!|;&$`]*$|col\b[^;&$`]*$|\$PAGER$)/
const EDITORS =
  /^(?:$|(?:\/usr\/bin\/)?(?:n?vim?|nano|emacs|emacsclient|code|codium|subl|gedit|kate|micro|hx|ed|pico|true|cat|:)(?: -{1,2}[\w-]+)*$)/

export const HIJACKS: readonly Hijack[] = [
  {
    id: 'env.load-path',
    name: /^(?:PYTHONPATH|PERL5LIB|PERLLIB|RUBYLIB|NODE_PATH|LUA_C?PATH|CLASSPATH|GEM_(?:HOME|PATH)|FACTERLIB|GEMFILE|BUNDLE_GEMFILE|TERMINFO|MANPATH|GIO_(?:MODULE_DIR|EXTRA_MODULES)|EMACSLOADPATH|GNUPLOT_LIB|ALSA_CONFIG_\w+|GST_PLUGIN_\w*PATH\w*|LADSPA_PATH|LV2_PATH|TEXMFCNF|BABEL_\w+|KUBECONFIG|ANSIBLE_(?:CONFIG|LIBRARY|\w*_PLUGINS|\w*PASSWORD_FILE)|TF_CLI_CONFIG_FILE|PSQLRC|SCREENRC|WGETRC|CURL_HOME|LYNX_CFG|GNUPGHOME|NPM_CONFIG_\w+|PIP_CONFIG_FILE|ACKRC|MAILRC|MAILCAPS|MYSQL_HOME|INPUTRC|VIM|VIMRUNTIME|JULIA_DEPOT_PATH|R_LIBS\w*|OCAMLPATH|CAML_LD_LIBRARY_PATH|ERL_LIBS|MODULE_PATH|PERL_MM_OPT|PKG_CONFIG_PATH|COMPOSER_HOME|GIT_DIR)$/,
    risk: 'high',
    note: 'loads code from a place everybody can write to',
    safe: /^(?!(?:.*:)?(?:\/tmp|\/var\/tmp|\/dev\/shm)(?:[/:]|$)).*$/s,
  },
  {
    id: 'env.proxy',
    name: /^(?:https?|all|ftp)_proxy$/i,
    risk: 'medium',
    note: 'sends traffic through another machine',
    safe: /^$/,
  },
  {
    id: 'env.library',
    name: /^(?:LD_(?:PRELOAD|AUDIT)|DYLD_INSERT_LIBRARIES|DYLD_FORCE_FLAT_NAMESPACE)$/,
    risk: 'high',
    note: 'puts a library into every program that starts',
    safe: /^(?:\/usr)?\/lib(?:64)?\/(?:[\w-]+\/)?lib(?:jemalloc|tcmalloc|asan|tsan|eatmydata|gtk3-nocsd|stdc\+\+|SegFault|faketime)[\w.-]*$/,
  },
  {
    id: 'env.library-path',
    name: /^(?:LD_LIBRARY_PATH|DYLD_(?:LIBRARY|FRAMEWORK|FALLBACK_LIBRARY)_PATH|GCONV_PATH|GTK_MODULES|QT_PLUGIN_PATH|GST_PLUGIN_PATH|OPENSSL_(?:CONF|ENGINES|MODULES)|SASL_PATH)$/,
    risk: 'medium',
    note: 'changes where libraries are loaded from',
  },
  {
    id: 'env.library-path',
    name: /^(?:LD_LIBRARY_PATH|GCONV_PATH|OPENSSL_(?:CONF|ENGINES|MODULES)|DYLD_LIBRARY_PATH)$/,
    risk: 'high',
    note: 'loads libraries from a place everybody can write to',
    safe: /^(?!.*(?:^|:)(?:\/tmp|\/var\/tmp|\/dev\/shm|\.)(?:[/:]|$)).*$/,
  },
  {
    id: 'env.shell-start',
    name: /^(?:BASH_ENV|ENV|ZDOTDIR|FPATH|BASH_LOADABLES_PATH)$/,
    risk: 'high',
    note: 'is read by every shell that starts',
  },
  {
    id: 'env.prompt',
    name: /^(?:PROMPT_COMMAND|PS0|PS4)$/,
    risk: 'high',
    note: 'is run by the shell at each prompt or step',
    safe: /^(?!.*[`$]\(?)[^;|&]*$/,
  },
  { id: 'env.prompt', name: /^PROMPT_COMMAND$/, risk: 'high', note: 'is run by the shell at each prompt' },
  {
    id: 'env.path',
    name: /^PATH$/,
    risk: 'medium',
    note: 'changes which programs names stand for',
    safe: /^(?!.*(?:^|:)(?:\/tmp|\/var\/tmp|\/dev\/shm|\.|)(?:[/:]|$))(?!(?:\/tmp|\.)).*$/,
  },
  {
    id: 'env.interpreter',
    name: /^(?:PERL5OPT|PERL5DB|RUBYOPT|NODE_OPTIONS|PYTHONSTARTUP|PYTHONINSPECT|PYTHONWARNINGS|PYTHONBREAKPOINT|PYTHONHOME|JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|JDK_JAVA_OPTIONS|DOTNET_STARTUP_HOOKS|COR_PROFILER|CORECLR_PROFILER|PHP_INI_SCAN_DIR|PHPRC|LUA_INIT(?:_\d_\d)?|R_PROFILE(?:_USER)?|JULIA_LOAD_PATH|ERL_FLAGS|ERL_AFLAGS|ERL_ZFLAGS|GUILE_LOAD_PATH|TCLLIBPATH|MAKEFLAGS|GNUMAKEFLAGS|MFLAGS)$/,
    risk: 'high',
    note: 'makes an interpreter run or load something first',
    safe: /^(?:-j ?\d*|-?-?(?:max-old-space-size|max_old_space_size|enable-source-maps|inspect|openssl-legacy-provider|no-deprecation|no-warnings|experimental-[\w-]+|trace-[\w-]+|unhandled-rejections)\b[^;|&$`]*|-Xm[sx]\w+.*|-D[\w.]+=.*|ignore|default|error|-W\w*|-s|--silent|-k|-w|[01])$/,
  },
  {
    id: 'env.interpreter',
    name: /^(?:PYTHONPATH|PERL5LIB|PERLLIB|RUBYLIB|NODE_PATH|LUA_C?PATH|CLASSPATH|GEM_(?:HOME|PATH))$/,
    risk: 'medium',
    note: 'changes where an interpreter loads code from',
  },
  {
    id: 'env.git-repository',
    name: /^GIT_(?:DIR|COMMON_DIR|CONFIG)$/,
    risk: 'medium',
    note: 'git takes the settings of another repository',
  },
  {
    id: 'env.git-program',
    name: /^(?:GIT_(?:SSH(?:_COMMAND)?|PROXY_COMMAND|EXTERNAL_DIFF|ASKPASS|EXEC_PATH|TEMPLATE_DIR|CONFIG_(?:GLOBAL|SYSTEM|PARAMETERS|COUNT|VALUE_\d+)))$/,
    risk: 'high',
    runs: 'program',
    note: 'git runs what it names',
    safe: /^(?:ssh\b(?!.*(?:ProxyCommand|LocalCommand|-F))[^;|&$`]*|\/dev\/null|true|echo|\/bin\/(?:true|echo)|\d+)$/,
  },
  {
    id: 'env.editor',
    name: /^(?:EDITOR|VISUAL|GIT_EDITOR|GIT_SEQUENCE_EDITOR|SUDO_EDITOR|SYSTEMD_EDITOR|KUBE_EDITOR|FCEDIT|HGEDITOR|SVN_EDITOR|SELECTED_EDITOR|DEBSIGN_PROGRAM|VIPW_EDITOR)$/,
    risk: 'high',
    runs: 'shell',
    note: 'is started as the editor',
    safe: EDITORS,
  },
  {
    id: 'env.pager',
    name: /^(?:PAGER|MANPAGER|GIT_PAGER|SYSTEMD_PAGER|AWS_PAGER|BAT_PAGER|PSQL_PAGER|MYSQL_PAGER|DELTA_PAGER|GH_PAGER|LESSOPEN|LESSCLOSE|LESSEDIT|SYSTEMD_LESS)$/,
    risk: 'high',
    runs: 'shell',
    note: 'is started as the pager',
    safe: PAGERS,
  },
  {
    id: 'env.browser',
    name: /^(?:BROWSER|SSH_ASKPASS|SUDO_ASKPASS|RSYNC_RSH|CVS_RSH|SVN_SSH|TAR_OPTIONS|UNZIP|UNZIPOPT|ZIPOPT|GZIP|RIPGREP_CONFIG_PATH|FZF_DEFAULT_COMMAND|FZF_DEFAULT_OPTS|MANOPT|TERMINFO|HISTIGNORE_COMMAND|DOCKER_CLI_PLUGIN.*|PKG_CONFIG|CC|CXX|LD|AR|RUSTC_WRAPPER|CMAKE_[CX]+_COMPILER_LAUNCHER)$/,
    risk: 'medium',
    note: 'names a program or options that others will use',
  },
  {
    id: 'env.browser',
    name: /^(?:BROWSER|SSH_ASKPASS|SUDO_ASKPASS|RSYNC_RSH|CVS_RSH|SVN_SSH|CC|CXX|FZF_DEFAULT_COMMAND)$/,
    risk: 'high',
    runs: 'shell',
    note: 'is started by other programs',
    safe: /^(?:\/usr\/bin\/)?(?:ssh(?: -p ?\d+| -i [\w./~-]+)*|g?cc(?:-\d+)?|g\+\+(?:-\d+)?|clang(?:\+\+)?(?:-\d+)?|rg --files.*|fd\b[^;|&$`]*|find\b[^;|&$`]*|firefox|chromium|google-chrome|xdg-open|open|lynx|w3m|[\w-]+-(?:gcc|g\+\+|clang))$/,
  },
  {
    id: 'env.names-program',
    name: /^(?:[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*_)(?:EDITOR|PAGER|BROWSER|RSH|ASKPASS|PASSCOMMAND|PASSWORD_COMMAND|VIEWER|LAUNCHER|TERMINAL)$|^(?:TEXEDIT|TERMINAL|MAILER|NEWSBEUTER_OPEN|CVS_SERVER|OPENER|READNULLCMD|NULLCMD|SENDMAIL|MUTT_EDITOR|WINEDITOR|XEDITOR)$/,
    risk: 'high',
    runs: 'shell',
    note: 'is started by the program it is for',
    safe: /^(?:$|(?:\/usr\/bin\/)?(?:n?vim?|nano|emacs|emacsclient|code|codium|subl|gedit|kate|micro|hx|ed|pico|true|false|cat|less|more|most|bat|delta|head|ssh|firefox|chromium|google-chrome|xdg-open|open|lynx|w3m|xterm|kitty|alacritty|foot|gnome-terminal|konsole|sendmail|msmtp|none|builtin|never)\b[^!|;&$`]*|pass show \S+|ssh(?: -[ip] ?[\w./~-]+)*)$/,
  },
  {
    id: 'env.editor-start',
    name: /^(?:VIMINIT|GVIMINIT|EXINIT|NEXRC|JOERC)$/,
    risk: 'high',
    runs: 'vim',
    note: 'is run by the editor when it starts',
  },
  {
    id: 'env.java-options',
    name: /^(?:[A-Z]+_)*(?:JAVA_OPTS|JVM_OPTS|MAVEN_OPTS|GRADLE_OPTS|SBT_OPTS|ANT_OPTS|CATALINA_OPTS|JVM_ARGS|JAVA_ARGS)$/,
    risk: 'high',
    note: 'makes Java load code or run a command',
    safe: /^(?!.*-(?:javaagent|agentpath|agentlib|Xbootclasspath|XX:On\w*Error=)).*$/s,
  },
  {
    id: 'env.go-flags',
    name: /^GOFLAGS$/,
    risk: 'high',
    note: 'makes go run a program around its own',
    safe: /^(?!.*-(?:toolexec|exec|vettool)).*$/s,
  },
  {
    id: 'env.tar',
    name: /^(?:TAR_OPTIONS)$/,
    risk: 'high',
    note: 'gives tar options that run programs',
    safe: /^(?!.*(?:checkpoint-action|to-command|use-compress|rsh-command|-I|-F|info-script)).*$/,
  },
  {
    id: 'env.history',
    name: /^(?:HISTFILE|HISTSIZE|HISTFILESIZE|HISTCONTROL|HISTIGNORE|SAVEHIST)$/,
    risk: 'medium',
    note: 'changes what the shell remembers',
  },
  {
    id: 'env.history-off',
    name: /^(?:HISTFILE|HISTSIZE|HISTFILESIZE|SAVEHIST)$/,
    risk: 'high',
    note: 'stops the shell from remembering what was typed',
    safe: /^(?!(?:\/dev\/null|0|\/tmp\/.*)$).*$/,
  },
  {
    id: 'env.history-off',
    name: /^(?:HISTCONTROL|HISTIGNORE)$/,
    risk: 'high',
    note: 'keeps commands out of what the shell remembers',
    safe: /^(?!(?:\*|.*:\*$|ignoreboth|ignorespace)).*$/,
  },
]
