@file:JvmName("Shops")

package com.example.shop

import java.io.File
import kotlin.math.max as greatest

const val MAX_TRIES: Int = 3

fun interface Priced {
    fun price(currency: String): Long?
}

@Serializable
data class Item(@SerialName("n") val name: String, var price: Long = 0, count: Int)

@Entity
@Table(name = "shops")
class Shop(private val name: String) : Base(name), Priced by lazy, Named<String> {
    @Inject
    lateinit var items: Map<String, List<Item>>

    companion object {
        fun empty(): Shop = Shop("empty")
    }

    @Throws(IOException::class)
    override fun price(currency: String, vararg rest: (Int) -> Unit): Long? {
        val later = items.map { (name, all) -> greatest(all.size, 1) }
        return File(name).length()
    }
}

enum class Payment { CASH, CARD }

fun List<String>.shout(loud: Boolean) = map { it.uppercase() }
