import { expect, it } from 'vitest';
import { isAlive, ownerName, placeOf } from '../src/process.ts';

const place = 'boot/4026532001';
const own = ownerName(place, process.pid, 'a');
const tells = isAlive(own);

it('a process knows itself, one that lives beside it, and one that is gone', () => {
  expect(tells(own)).toBe(true);
  expect(tells(ownerName(place, process.ppid, 'b'))).toBe(true);
  // More than any kernel gives out.
  expect(tells(ownerName(place, 2 ** 30, 'b'))).toBe(false);
  // The same number: an earlier program's, or that of another program in this process.
  expect(tells(ownerName(place, process.pid, 'other'))).toBeUndefined();
});

it('two containers with the same host name and process number do not take each other for themselves', () => {
  const other = ownerName('boot/4026532002', process.pid, 'b');
  expect(tells(other)).toBeUndefined();
  expect(isAlive(other)(own)).toBeUndefined();
  expect(tells(ownerName('otherboot/4026532001', process.ppid, 'b'))).toBeUndefined();
});

it('nothing is told where the machine does not say which processes can be seen', () => {
  const unknown = ownerName(undefined, 1, 'a');
  expect(isAlive(unknown)(ownerName(undefined, 1, 'b'))).toBeUndefined();
  expect(isAlive(unknown)(unknown)).toBe(true);
  expect(tells('words of an older program')).toBeUndefined();
});

it('a place is the boot and the namespace of process numbers, or the host where there is no such thing', () => {
  const files: Record<string, string> = {
    '/proc/sys/kernel/random/boot_id': '0d9e-boot\n',
    '/proc/self/ns/pid': 'pid:[4026531836]',
  };
  const read = (path: string): string => files[path] ?? '';
  expect(placeOf('linux', read)).toBe('0d9e-boot/4026531836');
  delete files['/proc/self/ns/pid'];
  expect(placeOf('linux', read)).toBeUndefined();
  const unreadable = (): never => {
    throw new Error('no such file');
  };
  expect(placeOf('linux', unreadable)).toBeUndefined();
  expect(placeOf('darwin', unreadable)).toMatch(/^\S+$/);
  expect(placeOf()).toMatch(/^\S+$/);
});
