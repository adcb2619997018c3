/**
 * The widget in a page. With an address that does not change, two lines of HTML are all:
 *
 *     <script type="module" src="…/widget/define.js"></script>
 *     <craftec-storage bootstrap="/dns4/relay.example.org/tcp/443/wss/p2p/…"></craftec-storage>
 *
 * Here the address is that of a local network (`npm start`): `?bootstrap=…`.
 */
import '@craftec/web/widget/define'

const bootstrap = new URLSearchParams(location.search).getAll('bootstrap').join(' ')
if (bootstrap) document.querySelector('craftec-storage')?.setAttribute('bootstrap', bootstrap)
