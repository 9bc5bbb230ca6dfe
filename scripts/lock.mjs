// Completes package-lock.json with the packages for other kinds of machine.
//
// npm leaves an optional package out of the lock file when its registry does not hold it, as mirrors often hold
// only what their own machines need; and then `npm ci` refuses the lock file. The missing ones are exactly named,
// with versions, by the packages that want them. Run it after every change of dependencies; it changes nothing else.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const file = fileURLToPath(new URL('../package-lock.json', import.meta.url));
const lock = JSON.parse(readFileSync(file, 'utf8'));
const held = new Set(Object.keys(lock.packages).map((path) => path.split('node_modules/').at(-1)));

const added = Object.values(lock.packages).flatMap(({ dev, optionalDependencies = {} }) =>
  Object.entries(optionalDependencies)
    .filter(([name, version]) => !held.has(name) && /^\d+\.\d+\.\d+$/.test(version))
    .map(([name, version]) => [`node_modules/${name}`, entry(name, version, dev)]),
);

lock.packages = Object.fromEntries(
  [...Object.entries(lock.packages), ...added].sort(([one], [other]) => one.localeCompare(other, 'en')),
);
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`Added ${added.length} packages for other kinds of machine.`);

/** An entry as npm writes it; the kind of machine stands in names such as `@oxlint/binding-linux-arm64-musl`. */
function entry(name, version, dev) {
  const [, os, cpu, libc] =
    /(android|darwin|freebsd|linux|openharmony|win32)-([a-z0-9]+)(?:-([a-z]+))?$/.exec(name) ?? [];
  if (!os || !cpu) throw new Error(`${name}: for which machine?`);
  return {
    version,
    cpu: [cpu],
    ...(dev && { dev }),
    ...(os === 'linux' && libc && { libc: [libc.startsWith('musl') ? 'musl' : 'glibc'] }),
    optional: true,
    os: [os],
  };
}
