import { text } from '../../words/text.ts';
import { idIn, looking, setKind } from '../set.ts';

/** Files in one cell. https://open.feishu.cn/document/platform-notices/breaking-change/base-add-record-limit-checking-rules */
const filesPerCell = 100;

/** Attachment fields. Canonical: the files' tokens as a set; the files are in the Base already. */
export const attachmentKind = setKind({
  most: filesPerCell,
  noun: text('个附件', 'files'),
  member: looking(
    /^[\w-]+$/,
    '需要文件的 file_token',
    'is no file token',
    text(
      '文件要先上传到这个多维表格；网址请写入超链接字段。',
      'A file is uploaded to the Base first; an address goes to a URL field.',
    ),
  ),
  held: (item) => idIn(item, 'file_token'),
  name: (item) => idIn(item, 'name'),
  written: (token) => ({ file_token: token }),
});
