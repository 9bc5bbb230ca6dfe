-- The sample shop that the definitions in this folder read. All names, numbers and addresses are invented.
-- 示例商店：本文件夹的定义读的就是它。姓名、号码、地址都是编的。
set names utf8mb4;

create table users (
  id bigint primary key, nickname varchar(50), sex tinyint, mobile varchar(20), city varchar(50)
) default charset = utf8mb4;

create table user_orders (
  id bigint primary key, user_id bigint, production_id int, paid_time bigint comment 'seconds', amount int comment 'cents'
) default charset = utf8mb4;

create table products (
  id int primary key, name varchar(100), price decimal(10, 2), status enum('on sale', 'sold out', 'withdrawn'), released date
) default charset = utf8mb4;

create table tickets (
  id int primary key, user_id bigint, subject varchar(200), agent_email varchar(100), tags varchar(100), opened datetime
) default charset = utf8mb4;

insert into users values
  (1, '晴天的小猫', 0, '13800000001', '上海'),
  (2, '爱笑的橘子', 1, '13800000002', '北京'),
  (3, '早起的云朵', 1, '13800000003', '广州'),
  (4, '散步的海鸥', 0, '13800000004', '深圳'),
  (5, '北方的山楂', 2, '13800000005', '杭州'),
  (6, '安静的松鼠', 0, '13800000006', '成都');

insert into user_orders values
  (20260105000001, 1, 10, 1767574800, 990),
  (20260105000002, 2, 10, 1767578400, 12800),
  (20260105000003, 3, 11, 1767582000, 4550),
  (20260106000004, 4, 10, 1767661200, 2990),
  (20260106000005, 1, 12, 1767664800, 19900),
  (20260106000006, 5, 10, 1767668400, 8800),
  (20260107000007, 6, 11, 1767747600, 4550),
  (20260107000008, 2, 10, 1767751200, 1250),
  (20260107000009, 3, 12, 1767754800, 39800),
  (20260108000010, 4, 10, 1767834000, 6400),
  (20260108000011, 5, 11, 1767837600, 9100),
  (20260108000012, 6, 10, 1767841200, 12800);

insert into products values
  (10, '桂花乌龙', 39.90, 'on sale', '2025-09-01'),
  (11, '手冲咖啡壶', 45.50, 'on sale', '2025-10-15'),
  (12, '陶瓷茶具', 199.00, 'sold out', '2025-11-20'),
  (13, '旧款马克杯', 15.00, 'withdrawn', '2024-03-08');

insert into tickets values
  (1, 1, '包裹没有送到', 'ada@example.com', 'delivery,urgent', '2026-01-06 10:15:00'),
  (2, 3, '发票抬头要改', 'bo@example.com', 'invoice', '2026-01-07 14:40:00'),
  (3, 5, '茶具少了一只杯子', 'ada@example.com', 'delivery', '2026-01-08 09:05:00'),
  (4, 2, '想换一个颜色', null, null, '2026-01-08 16:30:00');
