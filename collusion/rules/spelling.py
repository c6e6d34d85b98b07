"""Slips of the pen worth comparing: a table of known wrong words, and letters commonly typed for one another."""

from __future__ import annotations

# wrong=right, written for this project from everyday construction writing. Left out: wrong forms that also arise inside
# right sentences (按排 in 按排水量, 定其 in 确定其), and variants so common that sharing one says nothing (帐户, 座标).
_KNOWN = """
观查井=观察井 观查孔=观察孔 检察井=检查井 按装=安装 做业面=作业面 施做业=施作业 幅射=辐射 布署=部署 严竣=严峻
峻工=竣工 俊工=竣工 复盖层=覆盖层 副盖=覆盖 园弧=圆弧 角手架=脚手架 蹋落度=坍落度 模扳=模板 钢扳=钢板 松驰=松弛
振倒=振捣 回添=回填 绝源=绝缘 焊逢=焊缝 裂逢=裂缝 伸缩逢=伸缩缝 法蓝=法兰 阀们=阀门 闸伐=闸阀 泵坊=泵房
沉殿=沉淀 过虑=过滤 虑池=滤池 虑料=滤料 反冲冼=反冲洗 清冼=清洗 絮疑=絮凝 混疑=混凝 混泥土=混凝土 钢劲=钢筋
刚筋=钢筋 地堪=地勘 堪察=勘察 技术交抵=技术交底 检侧=检测 监侧=监测 测良=测量 遂道=隧道 坑璧=坑壁 排水勾=排水沟
围当=围挡 杨尘=扬尘 杨程=扬程 燥声=噪声 污然=污染 移教=移交 拔打=拨打 职则=职责 陪训=培训 特钟=特种 岗味=岗位
编治=编制 砌筑沙浆=砌筑砂浆 渗陋=渗漏 渗露=渗漏 止水代=止水带 后浇代=后浇带 后绕带=后浇带 膨涨=膨胀 倾钭=倾斜
垂值=垂直 轴缐=轴线 搅绊=搅拌 运榆=运输 吊妆=吊装 配电厢=配电箱 接地电组=接地电阻 绝缘电组=绝缘电阻 电览=电缆
电蓝=电缆 桥驾=桥架 线糟=线槽 联锁保互=联锁保护 流亮=流量 液未=液位 消毐=消毒 臭养=臭氧 活姓炭=活性炭 曝汽=曝气
污尼=污泥 沟糟=沟槽 井璧=井壁 井盖扳=井盖板 闭水试险=闭水试验 冲冼消毒=冲洗消毒 停水接博=停水接驳
交通输导=交通疏导 输导员=疏导员 文明工低=文明工地 临边防互=临边防护 防互网=防护网 应急演炼=应急演练 演炼=演练
奖罚分名=奖罚分明 责任倒人=责任到人 关健=关键 工程尽度=工程进度 尽度计划=进度计划 见征取样=见证取样 取佯=取样
复捡=复检 送捡=送检 隐弊工程=隐蔽工程 隐避工程=隐蔽工程 分布分项=分部分项 旁占=旁站 监里=监理 建没单位=建设单位
没计单位=设计单位 没计图纸=设计图纸 设汁=设计 变更鉴证=变更签证 合同鉴订=合同签订
"""

KNOWN: dict[str, str] = {entry.partition("=")[0]: entry.partition("=")[2] for entry in _KNOWN.split()}
"""Wrong word → right word."""

_CONFUSED = """
查察 座坐 安按 扳板 振震 脚角 园圆 复覆 帐账 虑滤 逢缝 勾沟 当挡 杨扬 竣峻 竣俊 陪培 测侧 抗坑 遂隧 幅辐 即既 定订 带戴
桩妆 装妆 筋劲 钢刚 浆桨 搅绞 拌绊 蓄畜 渗掺 冼洗 疑凝 殿淀 驰弛 们门 伐阀 坊房 蓝兰 炼练 健键 驳泊 驳博 弊蔽 避蔽 输疏
沙砂 险验 几机 代带 低底 则责 园员 互护 尽进 固图 没设 汁计 璧壁 糟槽 览缆 组阻 捡检 佯样 占站 里理 征证 箱厢 栓拴
阶介 撤撒 拆折 拨拔 侯候 概慨 密蜜
"""

CONFUSED: dict[str, frozenset[str]] = {}
for _pair in _CONFUSED.split():
    CONFUSED[_pair[0]] = CONFUSED.get(_pair[0], frozenset()) | {_pair[1]}
    CONFUSED[_pair[1]] = CONFUSED.get(_pair[1], frozenset()) | {_pair[0]}
"""Letter → letters it is commonly typed for."""
