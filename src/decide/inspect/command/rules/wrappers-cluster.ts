import type { Wrapper } from '../wrapper.ts'

const remote = (note: string) => ({ id: 'remote.command', risk: 'medium', note }) as const
const inside = (note: string) => ({ id: 'container.command', risk: 'medium', note }) as const
const border = (note: string) => ({ id: 'privilege.border', risk: 'medium', note }) as const

const PARALLEL =
  '-j --jobs -a --arg-file -I -N -n -L -S --sshlogin --tmpdir --results --joblog --delay --timeout --retries --colsep -C -d --workdir --wd --load --memfree --nice --delimiter --tagstring --basefile --profile -J --block --recstart --recend'

/** Schedulers, clusters, tools of packages and boxes that run another program; a part of the table of wrappers. */
export const SCHEDULERS: readonly Wrapper[] = [
  { of: 'parallel rush sem', values: PARALLEL, joins: true, alone: 'nothing' },
  {
    of: 'git',
    sub: 'bisect.run submodule.foreach',
    values: '-C -c --git-dir --work-tree --namespace',
    joins: true,
    alone: 'nothing',
  },
  {
    of: 'gtester trickle fakechroot proot pexec catatonit zrun tsp task-spooler pty daemon daemonize trap-run withlock nsjail minijail0 s6-setsid execlineb background foreground ifne mispipe fakeroot-ng fakeroot-sysv fakeroot-tcp faketty fakeuname gosuv nvidia-smi-run optirun primusrun prime-run gamemoderun mangohud vglrun apulse padsp pasuspender aoss artsdsp esddsp xtrace bear scan-build intercept-build ccache-swig linux-user-chroot',
    values: '-u -d -f -r -b -w -n -o -e -l -p -N -L',
    alone: 'nothing',
  },
  { of: 'pee', joins: true, alone: 'nothing' },
  { of: 'empty', values: '-p -i -o -L -t', alone: 'nothing' },
  { of: 'envchain with-contenv with-lock-ex', skip: 1, alone: 'nothing' },
  {
    of: 'mpirun mpiexec orterun prterun srun salloc bsub condor_run aprun jsrun qrsh flux-run',
    values:
      '-n -np -c -N -p -A -t -J -o -e -i -w -x -q -m -R -P -H -host -hostfile --hostfile -machinefile --host -wdir -env --mca --map-by --bind-to',
    alone: 'nothing',
    rule: remote('runs it on machines of a cluster'),
  },
  {
    of: 'schroot dchroot',
    values: '-c --chroot -d --directory -u --user -n --session-name -o --option -s --shell',
    alone: 'shell',
    rule: inside('runs it in another file system'),
  },
  {
    of: 'arch-chroot manjaro-chroot',
    values: '-u',
    skip: 1,
    alone: 'shell',
    rule: border('runs it in another file system'),
  },
  {
    of: 'singularity apptainer',
    sub: 'exec',
    values:
      '-B --bind -H --home -W --workdir -S --scratch --env --env-file --pwd --overlay -o --security --network',
    skip: 1,
    alone: 'nothing',
    rule: inside('runs it in a container'),
  },
  {
    of: 'toolbox',
    sub: 'run',
    values: '-c --container -d --distro -r --release',
    alone: 'nothing',
    rule: inside('runs it in a container'),
  },
  {
    of: 'buildah podman',
    sub: 'unshare',
    values: '-m --mount',
    alone: 'shell',
    rule: border('runs it in namespaces of its own'),
  },
  {
    of: 'buildah',
    sub: 'run',
    values: '-v --volume --user --isolation',
    skip: 1,
    alone: 'nothing',
    rule: inside('runs it in a container'),
  },
  { of: 'borg', sub: 'with-lock', skip: 1, alone: 'nothing' },
  {
    of: 'aws-vault chamber saml2aws',
    sub: 'exec',
    values: '-d --duration -r --region',
    skip: 1,
    alone: 'nothing',
  },
  {
    of: 'rustup pyenv rbenv nvm nodenv goenv volta fnm',
    sub: 'run exec',
    values: '--using',
    skip: 0,
    alone: 'nothing',
  },
  { of: 'stack cabal opam honcho foreman', sub: 'exec run', values: '-e -f -d --switch', alone: 'nothing' },
]
