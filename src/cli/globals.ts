import { flag, manyOption, option, type Params } from './param.ts'

/** Options every command takes, before or behind its name. */
export const GLOBALS = {
  json: flag('print JSON: one document, or one per line where the command streams; errors too'),
  quiet: flag('print results, warnings and errors, no notes', { short: 'q' }),
  verbose: flag('print details, and where a bug happened', { short: 'v' }),
  noColor: flag('no colours; NO_COLOR and TERM=dumb do the same'),
  noInput: flag('never ask; a command that must ask fails and names the option that answers'),
  socket: option("the daemon's socket", { value: 'PATH', completes: 'file' }),
  configDir: option('directory of config.yaml and policy.yaml', { value: 'PATH', completes: 'file' }),
  system: flag("use the machine's daemon and directories"),
  set: manyOption('a setting, for this command alone', { value: 'KEY=VALUE', completes: 'setting' }),
} as const satisfies Params

/** Options that stand for a setting. */
export const SETTING_OF_GLOBAL = {
  socket: 'paths.socket',
  configDir: 'paths.config',
} as const
