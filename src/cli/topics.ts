import { NAMESPACES } from '../core/capability.ts'
import type { Setting } from '../platform/setting.ts'
import { environmentName, SETTING_KEYS, SETTINGS } from '../platform/settings.ts'
import { exitRows, type Document } from './document.ts'

/** What `warder help TOPIC` knows, each made from the data the program itself works with. */
export const TOPICS: Readonly<Record<string, () => Document>> = {
  'exit-codes': exitCodes,
  environment,
  formatting,
  capabilities,
}

function exitCodes(): Document {
  return {
    title: 'exit-codes',
    about: 'what the exit code tells a script',
    sections: [
      { heading: 'Codes', rows: exitRows() },
      {
        heading: 'Runs',
        paragraphs: [
          'run and exec end with the code of the command they ran, 128 plus the signal when a signal ended it. ' +
            'When Warder itself ended it or never began it, the code is one of the above, and standard error ' +
            '(or the document of --json) says which.',
          'A code that is not in this list is a failure.',
        ],
      },
    ],
  }
}

function environment(): Document {
  return {
    title: 'environment',
    about: 'settings, and where they may be set',
    sections: [
      {
        heading: 'Order',
        paragraphs: [
          'A flag wins over the environment, the environment over a project’s file (.warder/config.yaml in the ' +
            'working directory), that over your own file (config.yaml in paths.config), and that over ' +
            '/etc/warder/config.yaml. "warder config explain KEY" says which one won.',
          'A project’s file may be written by an agent, so it may set only what is marked "project". An unknown ' +
            'key, a bad value or an unknown WARDER_ variable keeps Warder from starting.',
        ],
      },
      { heading: 'Settings', rows: SETTING_KEYS.map((key) => [key, settingText(key)] as const) },
      {
        heading: 'Other variables',
        rows: [
          ['NO_COLOR', 'no colours, when it is set to anything'],
          ['TERM', 'no colours, when it is dumb'],
          [
            'XDG_CONFIG_HOME, XDG_STATE_HOME, XDG_DATA_HOME, XDG_CACHE_HOME, XDG_RUNTIME_DIR',
            'move the directories',
          ],
          ['NODE_COMPILE_CACHE', 'where compiled code is kept; set by the launcher unless you set it'],
        ],
      },
    ],
  }
}

function settingText(key: (typeof SETTING_KEYS)[number]): string {
  const { about, expects, defaultText, project, outside, secret } = SETTINGS[key] as Setting<unknown>
  const marks = [
    ...(project ? ['project'] : []),
    ...(outside ? ['flag and environment only'] : []),
    ...(secret ? ['secret'] : []),
  ]
  const mark = marks.length === 0 ? '' : ` [${marks.join(', ')}]`
  return `${about}; ${expects}; default ${defaultText}; ${environmentName(key)}${mark}`
}

function formatting(): Document {
  return {
    title: 'formatting',
    about: 'how output is written, for people and for programs',
    sections: [
      {
        heading: 'Streams',
        paragraphs: [
          'Results go to standard output. Notes, warnings, questions and errors go to standard error.',
          'With --json standard output holds one JSON document and nothing else; a command that streams prints one ' +
            'document per line. Members are only ever added.',
          'With --json an error is the document: {"error": {"code", "kind", "what", "where", "fix"}}. The exit code ' +
            'tells it apart from a result.',
        ],
      },
      {
        heading: 'Values',
        rows: [
          ['times', 'local, with the zone, for people; UTC in ISO 8601 in JSON'],
          ['durations', '250ms, 30s, 10m, 24h, 7d: a whole number and a unit'],
          ['sizes', '512MiB, 2GiB (powers of 1024), 100kB, 1MB (powers of 1000)'],
          ['\\u{202e}', 'a character that would move the cursor, reorder or hide text; shown, never printed'],
        ],
      },
    ],
  }
}

function capabilities(): Document {
  const resource = { path: 'an absolute path', endpoint: 'host:port', name: 'a name' } as const
  return {
    title: 'capabilities',
    about: 'what may be granted, denied and asked for',
    sections: [
      {
        heading: 'Form',
        code: ['namespace:action[:resource_pattern]'],
        paragraphs: [
          'An action may be *. Without a pattern a capability covers every resource of its namespace.',
          'An unknown namespace or action is an error, never "no match".',
        ],
      },
      {
        heading: 'Namespaces',
        rows: Object.entries(NAMESPACES).map(
          ([name, space]) =>
            [name, `${space.verbs.join(', ')}; resource: ${resource[space.resource]}`] as const,
        ),
      },
    ],
  }
}
