import { A, W, type TokenRow } from './row.ts'

/**
 * What only begins like a token: of the wrong length, cut, or of a kind not known yet. Too little to stop anything for,
 * enough to keep it out of a log. They stand last, so that whatever says more is believed first.
 */
export const LIKELY_ROWS: readonly TokenRow[] = [
  {
    id: 'likely-key',
    of: 'a provider',
    signs: 'sk- gsk_ xai- nvapi- pplx-',
    body: `${W}{16,480}`,
    risk: 'low',
  },
  {
    id: 'likely-token',
    of: 'GitHub',
    signs: 'ghp_ gho_ ghu_ ghs_ ghr_ github_pat_',
    body: '\\w{20,480}',
    risk: 'low',
  },
  { id: 'likely-token', of: 'GitLab', signs: 'glpat- gldt- glrt-', body: '[\\w.-]{16,480}', risk: 'low' },
  {
    id: 'likely-token',
    of: 'Slack',
    signs: 'xoxa- xoxb- xoxe- xoxo- xoxp- xoxr- xoxs-',
    body: `${W}{10,480}`,
    risk: 'low',
  },
  { id: 'likely-key', of: 'Google', signs: 'AIza', body: `${W}{30,480}`, risk: 'low' },
  { id: 'likely-token', of: 'a registry', signs: 'hf_ npm_', body: `${A}{20,480}`, risk: 'low' },
  { id: 'likely-key', of: 'age', signs: 'AGE-SECRET-KEY-1', body: '[A-Z0-9]{8,100}', risk: 'low' },
]
