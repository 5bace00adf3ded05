// Orders of the shop.
using System;
using System.Collections.Generic;
using static System.Math;

namespace Shop.Orders
{
    /// <summary>
    /// A line of an order: what and how many.
    /// </summary>
    public record OrderLine(string Sku, int Count);

    public readonly record struct Money(decimal Amount, string Currency)
    {
        public static Money operator +(Money left, Money right)
            => new(left.Amount + right.Amount, left.Currency);

        public static implicit operator decimal(Money money) => money.Amount;
    }

    public delegate void OrderPlaced(Order order, DateTime when);

    /// <summary>How far an order has come.</summary>
    [Flags]
    public enum OrderState
    {
        Draft = 0,
        Placed = 1,
        Shipped = 2,
    }

    /// <summary>Stores orders by their number.</summary>
    public interface IOrderStore<TKey> where TKey : notnull
    {
        Order? Find(TKey key);

        void Save(TKey key, Order order);

        // A default for stores that cannot count.
        int Count() => -1;
    }

    /// <summary>
    /// An order and its lines.
    /// </summary>
    [Serializable]
    public class Order : IComparable<Order>
    {
        private readonly List<OrderLine> lines = new();
        private static int made;

        public event EventHandler? Changed;

        static Order()
        {
            made = 0;
        }

        /// <summary>Makes an empty order for a customer.</summary>
        /// <param name="customer">who pays</param>
        public Order(string customer) : this(customer, OrderState.Draft)
        {
            made++;
        }

        private Order(string customer, OrderState state)
        {
            Customer = customer;
            State = state;
        }

        ~Order() => made--;

        public string Customer { get; }

        public OrderState State { get; private set; }

        /// <summary>The sum over all lines.</summary>
        public decimal Total
        {
            get
            {
                decimal total = 0;
                foreach (var line in lines)
                {
                    total += line.Count;
                }
                return total;
            }
        }

        public bool IsEmpty => lines.Count == 0;

        public OrderLine this[int index] => lines[index];

        public event EventHandler Paid
        {
            add { Changed += value; }
            remove { Changed -= value; }
        }

        [Obsolete("use Append"), System.ComponentModel.Browsable(false)]
        public void Add(OrderLine line)
        {
            lines.Add(line);
            Changed?.Invoke(this, EventArgs.Empty);
        }

        /* Groups the lines
         * by a key of the caller's choice.
         */
        public Dictionary<TGroup, List<OrderLine>> GroupBy<TGroup>(Func<OrderLine, TGroup> key)
            where TGroup : notnull
        {
            var groups = new Dictionary<TGroup, List<OrderLine>>();

            void Put(OrderLine line)
            {
                if (!groups.TryGetValue(key(line), out var list))
                {
                    groups[key(line)] = list = new();
                }
                list.Add(line);
            }

            foreach (var line in lines) Put(line);
            return groups;
        }

        int IComparable<Order>.CompareTo(Order? other) => Total.CompareTo(other?.Total ?? 0);

        public async System.Threading.Tasks.Task<string> GrößeBerechnen(string straße = "Hauptstraße {1}")
        {
            Func<int, int> twice = x => x * 2;
            await System.Threading.Tasks.Task.Delay(twice(1));
            return $"{straße}: {lines.Count}";
        }

        public class Builder
        {
            private string customer = "";

            public Builder For(string name)
            {
                customer = name;
                return this;
            }

            public struct Options
            {
                public bool Strict;

                public bool Check() { return Strict; }
            }
        }
    }
}
