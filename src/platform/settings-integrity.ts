import { duration, list } from './setting.ts'

/** The settings of what is compared with the baseline, and of canaries. */
export const INTEGRITY_SETTINGS = {
  'integrity.interval': duration({
    about: 'how often everything watched is compared with the baseline, by what the system tells of it',
    fallback: '30s',
  }),
  'integrity.complete_interval': duration({
    about: 'and how often every file is read again, whatever its times say',
    fallback: '1h',
  }),
  'integrity.watch': list({
    about: 'absolute paths of your own that the next baseline takes in; a folder counts with all below it',
    fallback: [],
  }),
  'integrity.models': list({
    about: 'model files, or folders of them; a changed one is taken out of use',
    fallback: [],
  }),
  'integrity.programs': list({
    about: 'programs of agents, by absolute path, besides Warder itself and its runtime',
    fallback: [],
  }),
  'integrity.own': list({
    about: 'which of its own things Warder watches: programs, units, trust, policy, agent-settings',
    fallback: ['programs', 'units', 'trust', 'policy', 'agent-settings'],
    defaultText: 'all of them',
  }),
  'canary.interval': duration({
    about: 'how often canaries are looked at, besides being watched',
    fallback: '30s',
  }),
} as const
