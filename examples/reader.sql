-- The account of compose.yaml may do everything to its database; the bot needs to read it only.
-- compose.yaml 建的账号对库有全部权限；机器人只需要读。
revoke all privileges on shop.* from 'reader'@'%';
grant select on shop.* to 'reader'@'%';
