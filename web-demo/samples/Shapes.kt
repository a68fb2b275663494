package shapes

import kotlin.math.PI
import kotlin.math.sqrt

/** What can be drawn. */
sealed interface Shape {
    val area: Double
    val perimeter: Double
}

data class Circle(val radius: Double) : Shape {
    override val area get() = PI * radius * radius
    override val perimeter get() = 2 * PI * radius
}

data class Rectangle(val width: Double, val height: Double) : Shape {
    override val area get() = width * height
    override val perimeter get() = $0
}

data class Triangle(val a: Double, val b: Double, val c: Double) : Shape {
    override val area: Double
        get() {
            val s = perimeter / 2
            return sqrt(s * (s - a) * (s - b) * (s - c))
        }
    override val perimeter get() = a + b + c
}

fun largest(shapes: List<Shape>): Shape? = shapes.maxByOrNull { it.area }

fun totalArea(shapes: List<Shape>): Double = shapes.sumOf { it.area }
