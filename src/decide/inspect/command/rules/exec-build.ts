import { table } from '../table.ts'

/** How compilers, build tools, package managers and version control run something else; from their manuals. */
export const EXEC_BUILD = table(String.raw`
# make and its like
exec.make-eval :: high :: make :: opt -E --eval :: val (?:^|[\s:;$(])(?:@?-?(?:/bin/)?(?:ba|da|z|k)?sh\b|\(shell|exec\b|\S+:) :: make runs a rule given in the command
exec.make-shell :: high :: make :: val ^(?:SHELL|MAKESHELL|\.SHELLFLAGS)= :: make runs another program as its shell
exec.make-input :: high :: make :: line (?:^| )(?:-f|--file|--makefile)[ =]?(?:-|/dev/stdin|<\(.*)(?: |$) :: make runs rules that come in
exec.make-temporary :: high :: make cmake ninja scons rake just task :: line (?:^| )(?:-f|-C|-S|-P|--file|--makefile)[ =]?(?:/tmp|/var/tmp|/dev/shm)/ :: runs rules from where everybody can write
exec.build :: medium :: make cmake ninja meson scons rake just task bazel buck gradle gradlew mvn ant sbt lein mix rebar3 stack cabal dune zig swift xcodebuild msbuild dotnet qmake autoreconf autoconf automake configure waf invoke fab nox tox pre-commit gulp grunt webpack vite rollup esbuild tsc eslint prettier jest mocha vitest pytest nose2 rspec cucumber phpunit behat :: runs what the project says
exec.ant :: high :: ant :: opt -logger -inputhandler -listener -lib :: ant loads a class it is told to
exec.scons-file :: high :: scons waf rake fab invoke just task :: opt --rakefilelib -R --require -r -e --execute -E --eval :: runs code given in the command
exec.cmake-script :: high :: cmake :: opt -P -E :: val ^(?!(?:echo|copy\w*|rename|remove\w*|rm|make_directory|touch\w*|tar|md5sum|sha\w+|time|compare_files|capabilities|create_symlink|cat|true|false|sleep|server|env_vs\w*|chdir)$) :: cmake runs a script or a command
exec.gradle-init :: high :: gradle gradlew mvn mvnw :: opt -I --init-script -Dexec.executable -Dexec.args -Dmaven.ext.class.path :: runs a script of its own first
exec.mvn-exec :: high :: mvn mvnw :: line exec:(?:exec|java) :: maven starts a program
exec.gradle-temporary :: high :: gradle mvn dotnet sbt :: line (?:^| )(?:-b|-p|-f|--project-dir|--build-file)[ =]?(?:/tmp|/var/tmp|/dev/shm)/ :: runs a project from where everybody can write
exec.dotnet-fsi :: high :: dotnet fsi csi :: sub fsi script :: runs code given in the command
# compilers
exec.gcc-wrapper :: high :: gcc gfortran g77 gdc gnat cobc tcc :: opt -wrapper --wrapper :: runs shell :: the compiler runs its steps through a program
exec.gcc-plugin :: high :: gcc ld gold lld clang rustc ldc2 :: line -fplugin=|-plugin[ =]|-B ?\.?/|-Xclang -load|-specs=|-fuse-ld=/|-C linker=|-Clinker= :: the compiler loads or runs what it is told
exec.gcc-include :: medium :: gcc g++ as ld nasm yasm rustc javac go tinygo ghc gdc nim crystal valac gfortran swiftc kotlinc scalac cobc fpc ldc2 elm purs strip objcopy ranlib install-name-tool patchelf :: makes programs
exec.gcc-constructor :: high :: gcc :: line __attribute__ ?\(\(constructor :: builds code that runs when it is loaded
exec.gcc-temporary :: medium :: gcc :: line -o ?(?:/tmp|/dev/shm|/var/tmp)/ :: builds a program where everybody can write
exec.strip-overwrite :: high :: objcopy patchelf install_name_tool :: line --add-section|--set-interpreter|--add-needed|--replace-needed :: changes what a program loads
exec.cobc :: high :: cobc :: opt -x -j --run --job :: builds and runs a program
exec.go-run :: medium :: go cargo zig nim crystal swift tcc rust-script runghc stack cabal dub v odin :: sub run test build install bench generate exec check clippy publish script add get mod fmt fix clean tidy :: builds and runs what the project says
exec.go-temporary :: high :: go cargo zig nim crystal swift tcc rust-script runghc v :: line ^(?:run|-run|script|r)\b.*(?:/tmp|/dev/shm|/var/tmp)/ :: builds and runs code from where everybody can write
exec.go-toolexec :: high :: go :: opt -toolexec -exec -vettool :: runs shell :: go runs a program around its own
exec.cargo-config :: high :: cargo rustc :: line --config[ =]\S*(?:runner|rustc|linker|alias)|RUSTC_WRAPPER|target\.\S*\.runner :: cargo is told to run another program
exec.tcc-run :: high :: tcc :: opt -run :: compiles and runs code
exec.ghc-eval :: high :: ghc ghci runghc stack :: opt -e --eval :: val system|rawSystem|callCommand|callProcess|spawn|exec|createProcess|Process :: runs code that starts a program
exec.javac-processor :: medium :: javac java kotlinc scalac :: opt -processor -processorpath -agentpath -agentlib -javaagent -Xplugin :: loads code it is told to
exec.java-agent :: high :: java :: line -(?:agentpath|agentlib|javaagent)[:=](?!jdwp=?) :: puts code into a Java program
exec.java :: medium :: java jar kotlin scala groovy :: runs a program of its own
exec.java-debug :: high :: jdb java :: line -agentlib:jdwp.*(?:server=y|address=\*|0\.0\.0\.0) :: opens a door through which code can be run
# version control
exec.git-config :: high :: git :: opt -c --config-env :: val ^(?i:(?:core\.(?:fsmonitor|sshcommand|gitproxy|pager|editor|hookspath|askpass|alternaterefscommand|attributesfile)|alias\.\S+|diff\.\S*(?:external|command|textconv)|merge\.\S*driver|filter\.\S*(?:clean|smudge|process)|credential\.\S*helper|gpg\.\S*program|sequence\.editor|pager\.\S+|protocol\.ext\.allow|uploadpack\.\S+|man\.\S+cmd|browser\.\S+|difftool\.\S+cmd|mergetool\.\S+cmd|interactive\.difffilter|remote\.\S+\.(?:vcs|uploadpack|receivepack|proxy)|init\.templatedir|http\.sslcert\S*|include\S*\.path|receive\.\S+|submodule\.\S+\.update|sendemail\.\S+cmd|web\.browser|trailer\.\S+\.(?:cmd|command)|ssh\.variant|gui\.\S+)=)(.*) :: safe ^[^=]*=(?:cat|less(?: -\w+)*|delta|more|true|false|:|nano|vim?|nvim|code --wait|emacs|never|always|user|/dev/null|store|cache(?: .*)?|osxkeychain|manager(?:-core)?|libsecret|ssh(?: -i \S+)?(?: -o \w+=\w+)*|[01])?$ :: runs shell :: git is told to run a program
exec.git-alias :: high :: git :: sub config :: val ^!(.*) :: runs shell :: an alias of git runs a command
exec.git-config-set :: high :: git :: sub config :: line (?i:core\.(?:fsmonitor|sshcommand|gitproxy|pager|editor|hookspath|askpass)|diff\.external|diff\.\S+\.(?:command|textconv)|filter\.\S+\.(?:clean|smudge|process)|merge\.\S+\.driver|gpg\.program|credential\.helper|sequence\.editor|protocol\.ext|include\S*\.path|url\..*insteadof|init\.templatedir|alias\.\S+\s+['"]?!)(?:\s+(?!(?:'?(?:cat|less.*|delta|nano|vim?|nvim|code --wait|emacs|true|false|store|cache.*|osxkeychain|manager.*|libsecret|gedit|subl.*|git-lfs .*|meld|diff-so-fancy.*)'?)?\s*$)\S) :: changes what git runs by itself
exec.git-program :: high :: git :: opt --upload-pack --receive-pack -u --exec --exec-path= -x --extcmd --open-files-in-pager :: sub clone fetch pull push ls-remote archive fetch-pack send-pack rebase difftool grep remote submodule :: val ^(?!-|origin$|upstream$|main$|master$|HEAD|[\w-]+/[\w-]+$|https?:|git@|ssh:|[\w.]+$)(.+) :: safe ^(?:git-(?:upload|receive)-pack|make(?: \w+)*|npm (?:run )?[\w:-]+|cargo \w+|pytest.*|less|vim?|code|meld|vimdiff|yarn \w+|[A-Z-]*|\S*branch\S*|\S*feature\S*)$ :: runs shell :: git runs a program it is given
exec.git-ext :: high :: git :: val ^ext::(?:sh -c )?(.*) :: runs shell :: git runs a command as its transport
exec.git-rebase :: medium :: git :: sub rebase bisect.run submodule.foreach filter-branch :: opt -x --exec --tree-filter --index-filter --msg-filter --env-filter --commit-filter --parent-filter --tag-name-filter :: runs shell :: git runs a command for each commit
exec.git-foreach :: medium :: git :: sub bisect.run submodule.foreach :: line ^(?:bisect run|submodule foreach(?: --recursive)?) (.*) :: git runs a command again and again
exec.git-exec-path :: high :: git :: line ^(?:\S+ )*?--exec-path=\S|^(?:\S+ )*?--config-env[= ]\S*(?i:fsmonitor|sshcommand|pager|editor|hookspath|askpass|external|textconv|helper|alias|program|gitproxy|filter)\S* :: git takes its own commands or settings from elsewhere
exec.git-grep-pager :: high :: git :: sub grep :: opt -O --open-files-in-pager :: val ^(?!(?:less|more|vim?|nvim|nano|code|emacs)(?: -\S+)*$)(?=.*[\s/;|&$])(.+) :: runs shell :: git opens what it finds with a program it is given
exec.git-repository :: medium :: git :: line ^(?:\S+ )*?(?:--git-dir[= ]|-C )\S :: git takes the settings of another repository
exec.git-hook-path :: high :: git :: opt --template :: val ^(?:/tmp|/dev/shm|/var/tmp|\.) :: git takes hooks from where everybody can write
exec.git-destroy :: medium :: git :: line (?:reset --hard|clean -\w*f|push .*(?:--force\b|-f\b|--mirror|--delete)|branch -D|checkout -- |stash (?:drop|clear)|reflog expire|gc .*--prune=now|filter-branch|filter-repo|update-ref -d) :: git throws work away
exec.git-shell :: high :: git :: sub shell help.-p :: git opens something that runs commands
exec.hg :: high :: hg :: opt --config --debugger --pager :: val (?:^|[.])(?:alias|hooks|extensions|ui\.(?:ssh|editor|merge)|pager|hgext|merge-tools|extdiff)\S*=!?(.*) :: runs shell :: hg is told to run a program
exec.svn :: high :: svn :: opt --editor-cmd --diff-cmd --diff3-cmd --config-option :: runs shell :: svn runs a program it is given
exec.vcs :: medium :: git hg svn bzr fossil cvs jj p4 darcs repo gh glab hub git-lfs :: version control changes files or uses the network
# package managers
exec.apt-option :: high :: apt apt-get aptitude :: opt -o --option :: val (?:Pre|Post)-(?:Invoke|Install-Pkgs)|Dir::(?:Bin|Etc)|Binary::|DPkg::Options.*--\w*(?:command|force)|Acquire::.*(?:Proxy|Exec|Method)|APT::Periodic|Changelogs :: apt is told to run a program
exec.apt-config :: high :: apt apt-get aptitude dpkg :: opt -c --config-file :: apt reads a configuration that can run programs
exec.apt-pager :: high :: apt apt-get aptitude :: sub changelog :: apt opens a pager, which can run commands
exec.package-file :: high :: apt apt-get dpkg rpm yum dnf pacman snap apk opkg zypper installer pkg pkgutil alien slackpkg installpkg eopkg :: val ^(?:\./|/tmp/|/var/tmp/|/dev/shm/|https?://|\$).*\.(?:deb|rpm|pkg|apk|snap|txz|tgz|ipk|dmg|mpkg|zst|xz)$ :: not (?:^| )(?:-[qI]\S*|-c|--info|--contents|--list|info|show|ack)(?: |$) :: installs a package from outside the archives, and runs its scripts
exec.package-trust :: high :: apt apt-get snap yum dnf rpm zypper pacman pip npm gem apk flatpak brew :: line --(?:allow-unauthenticated|force-yes|dangerous|nogpgcheck|no-gpg-checks?|no-verify|allow-untrusted|nosignature|no-gpg-verify|nodigest)\b|--devmode|\[trusted=yes\] :: installs packages nobody vouches for
exec.package-scripts :: high :: rpm yum dnf :: opt --eval --pipe --define -E :: val %\(|lua:|\|\s*\w|%\{lua|^[^%]*(?:sh|exec)\b :: runs shell :: rpm runs a command
exec.yum-plugin :: high :: yum dnf :: opt -c --setopt --config --enableplugin :: val plugin|pluginpath|/tmp|^\.|^/(?!etc) :: the package manager loads plugins
exec.package :: medium :: apt apt-get aptitude dpkg rpm yum dnf microdnf pacman yay paru zypper apk snap flatpak brew port opkg emerge equery nix nix-env nix-store guix conda mamba micromamba pkg pkg_add pkgin xbps-install eopkg swupd slackpkg installer softwareupdate mas cask choco scoop winget dpkg-deb dpkg-reconfigure debconf add-apt-repository apt-key apt-mark update-alternatives alternatives needrestart tasksel dselect :: packages are looked at or changed
exec.alternatives :: high :: update-alternatives alternatives :: line --(?:install|set|force).* (?:/tmp|/dev/shm|/home|\.|/var/tmp|~)/ :: puts another program in the place of one of the system
exec.npm-run :: medium :: npm npx yarn pnpm bun deno pip pipx uv poetry pipenv pdm gem bundle bundler composer cargo rustup go cpan cpanm luarocks opam cabal stack nuget vcpkg conan easy_install twine virtualenv venv nvm fnm volta pyenv rbenv rvm sdk jenv corepack lerna nx turbo rush changeset poetry-core hatch flit tox-run uvx bunx dlx raco zef mix hex rebar3 elm-package bower jspm pod carthage mint swiftpm fastlane ansible-galaxy helm-plugin krew puppet-module vagrant-plugin terraform tofu terragrunt pulumi serverless sls cdk sam amplify :: project tools run scripts of packages
exec.npm-exec :: high :: npm npx yarn pnpm :: opt -c --call --shell --script-shell --node-options :: runs shell :: the package manager runs a command
exec.npm-install-url :: high :: npm pip gem cargo go pipx yarn pnpm easy_install cpan cpanm luarocks :: sub install i add get run exec :: val ^(?:/tmp/|/var/tmp/|/dev/shm/|http://|\$TF|\$\(mktemp) :: installs from a place nobody vouches for
exec.npm-explore :: high :: npm :: sub explore edit :: npm opens a shell or an editor
exec.pip-config :: high :: pip :: opt --config-settings --global-option --install-option --editor --trusted-host :: val exec|system|/tmp|^\*$|editor|^(?:vi|sh|bash|python)\b :: pip is told to run or trust something
exec.pip-config-edit :: high :: pip easy_install :: line config .*--editor|^\$?TF|^/tmp|install .*(?:^| )\.?/tmp :: pip opens an editor or runs a setup from anywhere
exec.easy-install :: high :: easy_install :: val ^(?:/|\.|\$) :: runs a setup program
exec.gem-open :: high :: gem bundle bundler :: opt -e --editor :: runs shell :: gem starts a program as its editor
exec.gem-exec :: high :: gem bundle bundler composer cpan rake pod :: sub open exec help console config edit :: val ^(?:open|exec|console|help|edit)$ :: line ^(?:exec (?:/|\S*sh\b)|console|open|help|edit|config --editor) :: opens a shell, an editor or a pager
exec.composer-script :: high :: composer :: line --working-dir[ =](?:/tmp|\$)|-d ?(?:/tmp|\$) :: composer runs scripts from where everybody can write
exec.cpan :: high :: cpan perldoc cpanm :: sub ! shell :: the installer opens a shell
exec.cpan-bare :: high :: cpan :: bare :: not ^-\w :: the installer takes its commands from whoever types
exec.luarocks :: medium :: luarocks cowthink cowsay :: opt -f -C :: val / :: runs a file of code
exec.cowsay :: high :: cowsay cowthink :: opt -f :: val ^(?:/|\.|\$) :: runs a file of code
exec.setup-py :: medium :: python :: line (?:^| )(?:setup\.py|-m (?:pip|venv|http\.server|build|ensurepip)) :: python builds, installs or serves
exec.python-module :: high :: python :: line (?:^| )-m (?:pty|pdb|code|cProfile|trace|timeit -\S+ .*system|idlelib\S*|cgi|test\.\S+) :: python runs code through another module
exec.snap-run :: high :: snap :: sub run :: opt --shell :: opens a shell in a package
exec.brew-sh :: high :: brew nix nix-shell guix conda :: sub sh repl irb shell :: val ^(?:sh|repl|irb)$ :: opens a shell
`)
