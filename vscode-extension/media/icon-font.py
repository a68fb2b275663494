"""Writes inkling.woff: the one glyph of the status bar, a drop. Needs fontTools."""

from pathlib import Path

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen

UNITS = 1000


def drop():
    """A drop with a glint in it, which the other winding cuts out."""
    pen = TTGlyphPen(None)
    curve = Cu2QuPen(pen, max_err=1, reverse_direction=True)
    curve.moveTo((500, 930))
    curve.curveTo((500, 930), (820, 560), (820, 370))
    curve.curveTo((820, 190), (677, 50), (500, 50))
    curve.curveTo((323, 50), (180, 190), (180, 370))
    curve.curveTo((180, 560), (500, 930), (500, 930))
    curve.closePath()
    curve.moveTo((300, 365))
    curve.curveTo((300, 250), (385, 165), (490, 150))
    curve.lineTo((500, 225))
    curve.curveTo((430, 235), (375, 290), (375, 365))
    curve.closePath()
    return pen.glyph()


font = FontBuilder(UNITS, isTTF=True)
font.setupGlyphOrder([".notdef", "drop"])
font.setupCharacterMap({0xE001: "drop"})
font.setupGlyf({".notdef": TTGlyphPen(None).glyph(), "drop": drop()})
font.setupHorizontalMetrics({".notdef": (UNITS, 0), "drop": (UNITS, 180)})
font.setupHorizontalHeader(ascent=UNITS, descent=0)
font.setupNameTable({"familyName": "Inkling", "styleName": "Regular"})
font.setupOS2()
font.setupPost()
font.font.flavor = "woff"
font.save(Path(__file__).with_name("inkling.woff"))
