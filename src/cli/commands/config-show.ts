import { SETTING_KEYS } from '../../platform/settings.ts'
import { explain } from '../../platform/config.ts'
import { command } from '../command.ts'
import { flag } from '../param.ts'

export const configShow = command({
  name: 'config show',
  about: 'show every setting, its value and where it comes from',
  examples: [
    { run: 'warder config show', does: 'every setting in force' },
    { run: 'warder config show --changed', does: 'only those that somebody set' },
  ],
  options: { changed: flag('only settings that are not at their default') },
  async run({ changed }, { config, out }) {
    const rows = SETTING_KEYS.map((key) => explain(config, key)).filter(
      ({ layer }) => !changed || layer !== 'default',
    )
    const value = rows.map(({ key, value: text, layer, where }) => ({ key, value: text, layer, where }))
    out.table(
      rows,
      [
        { title: 'SETTING', value: (row) => row.key },
        { title: 'VALUE', value: (row) => row.value },
        { title: 'FROM', value: (row) => (row.layer === 'default' ? 'default' : row.where) },
      ],
      { value, empty: 'every setting is at its default' },
    )
  },
})
