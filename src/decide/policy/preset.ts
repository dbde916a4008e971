import { parseCapability } from '../../core/capability.ts'

export const PRESETS = ['system', 'network', 'security', 'monitor', 'package', 'task'] as const
export type Preset = (typeof PRESETS)[number]

/** What each role of agent holds from the start. Exclusions hold inside them; `task` holds nothing. */
export const PRESET_CAPABILITIES: Readonly<Record<Preset, readonly string[]>> = {
  system: [
    'fs:read',
    'fs:list',
    'fs:write:/etc/**',
    'fs:write:/var/**',
    'fs:mkdir',
    'process:spawn',
    'process:list',
    'service:*',
    'config:*',
  ],
  network: [
    'net:*',
    'firewall:*',
    'dns:*',
    'fs:read:/etc/network/**',
    'fs:list:/etc/network/**',
    'fs:write:/etc/network/**',
  ],
  security: ['sec:*', 'audit:*', 'crypto:*', 'monitor:*', 'fs:read', 'fs:list'],
  monitor: [
    'monitor:*',
    'metrics:*',
    'alert:*',
    'fs:read:/var/log/**',
    'fs:list:/var/log/**',
    'process:list',
  ],
  package: ['pkg:*', 'fs:read:/etc/apt/**', 'fs:list:/etc/apt/**', 'fs:write:/etc/apt/**'],
  task: [],
}

export function isPreset(name: string | undefined): name is Preset {
  return (PRESETS as readonly (string | undefined)[]).includes(name)
}

/** Whether every preset is written in words Warder knows; a test asks. */
export function presetsAreValid(): boolean {
  return Object.values(PRESET_CAPABILITIES)
    .flat()
    .every((text) => parseCapability(text).namespace !== '')
}
