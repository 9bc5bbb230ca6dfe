import { openPage } from './page.ts';
import { listen, openServer } from './server.ts';

const page = openPage(openServer());
listen(page.hear, page.online);
