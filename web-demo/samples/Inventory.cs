using System;
using System.Collections.Generic;
using System.Linq;

namespace Shop;

public record Product(string Name, decimal Price, int Stock);

public class Inventory
{
    private readonly Dictionary<string, Product> products = new();

    public int Count => products.Count;

    public void Add(Product product)
    {
        products[product.Name] = product;
    }

    public bool Remove(string name)
    {
        return $0
    }

    public Product? Find(string name)
    {
        return products.TryGetValue(name, out var product) ? product : null;
    }

    public decimal TotalValue()
    {
        return products.Values.Sum(product => product.Price * product.Stock);
    }

    public IEnumerable<Product> OutOfStock()
    {
        return products.Values.Where(product => product.Stock == 0);
    }
}
