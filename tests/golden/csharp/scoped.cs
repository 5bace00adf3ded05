namespace Acme.Tools;

public abstract partial class Machine<T>(T fuel) where T : class
{
    public abstract void Start();

    protected virtual T Fuel
    {
        get => fuel;
        set { fuel = value; }
    }

    public extern static int Native(int handle);
}
