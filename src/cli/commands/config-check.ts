import { SETTING_KEYS } from '../../platform/settings.ts'
import { command } from '../command.ts'

export const configCheck = command({
  name: 'config check',
  about: 'read every layer and say whether Warder would start',
  examples: [{ run: 'warder config check', does: 'exit code 0 when everything is well-formed' }],
  details: [
    'A configuration that is wrong anywhere is refused as a whole, also where another layer overrules it.',
  ],
  exits: ['denied'],
  async run(_input, { config, out }) {
    const set = SETTING_KEYS.filter((key) => config.layers[key][0]?.layer !== 'default')
    out.result(
      { ok: true, set },
      `the configuration is well-formed; ${set.length} of ${SETTING_KEYS.length} settings are set`,
    )
  },
})
