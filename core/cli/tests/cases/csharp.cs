using System.Collections.Generic;
using System.Linq;

namespace Shop
{
    public class Order
    {
        private readonly List<Line> _lines = new();

        public void Add(Line line) => _lines.Add(line);

        public decimal Total()
        {
            return _lines.$0;
        }
    }
}
