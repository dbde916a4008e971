import { join } from 'node:path'
import { SETTING_KEYS } from '../../platform/settings.ts'
import { command } from '../command.ts'

export const configPath = command({
  name: 'config path',
  about: 'print the directories and files Warder uses',
  examples: [{ run: 'warder config path', does: 'where configuration, ledger, keys and socket are' }],
  async run(_input, { config, out, cwd }) {
    const settings = SETTING_KEYS.filter((key) => key.startsWith('paths.') || key === 'policy.file')
    const paths = {
      'config.user': join(config.values['paths.config'], 'config.yaml'),
      'config.system': '/etc/warder/config.yaml',
      'config.project': join(cwd, '.warder', 'config.yaml'),
      ...Object.fromEntries(settings.map((key) => [key, String(config.values[key])])),
    }
    out.table(
      Object.entries(paths),
      [
        { title: 'WHAT', value: ([key]) => key },
        { title: 'PATH', value: ([, path]) => path },
      ],
      { value: paths },
    )
  },
})
