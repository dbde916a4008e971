const IN_SOURCES = import.meta.url.endsWith('.ts')

/**
 * Where a program or thread of Warder's starts: the source file while developing, the bundled file beside this one
 * when installed. `name` is the bundle's name in `scripts/build.ts`.
 */
export function entryPoint(
  name: 'warderd' | 'audit-writer' | 'audit-verifier' | 'spawn-watch' | 'egress',
): URL {
  const source = {
    warderd: '../daemon/main.ts',
    'audit-writer': '../record/audit/writer.thread.ts',
    'audit-verifier': '../record/audit/verify.thread.ts',
    'spawn-watch': '../enforce/sandbox/spawn.thread.ts',
    egress: '../daemon/egress/main.ts',
  }[name]
  return new URL(IN_SOURCES ? source : `./${name}.js`, import.meta.url)
}
