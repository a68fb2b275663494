package shop

data class Line(val name: String, val price: Int, val amount: Int)

class Order(private val lines: MutableList<Line> = mutableListOf()) {
    fun add(line: Line) {
        lines.add(line)
    }

    fun total(): Int {
        return $0
    }
}
