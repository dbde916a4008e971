import { explain } from '../../platform/config.ts'
import { command } from '../command.ts'
import { argument } from '../param.ts'

export const configExplain = command({
  name: 'config explain',
  about: 'tell which layer set a setting, and what every layer says',
  examples: [
    { run: 'warder config explain audit.witness', does: 'its value, who set it, and who was overruled' },
  ],
  args: { key: argument('the setting, such as audit.witness', { completes: 'setting' }) },
  async run({ key }, { config, out }) {
    const found = explain(config, key)
    const overruled = found.layers
      .slice(1)
      .map(({ layer, where, value }) => `  over ${layer === where ? layer : `${layer} (${where})`}: ${value}`)
    const text = [
      `${found.key} = ${found.value}`,
      `  ${found.about}`,
      `  set by ${found.layer === found.where ? found.layer : `${found.layer} (${found.where})`}`,
      ...overruled,
      `  takes ${found.expects}; variable ${found.environment}`,
    ]
    out.result(found, text.join('\n'))
  },
})
